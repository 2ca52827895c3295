"""What is asked of the machine: cores, devices, files, signals, and what a record says of it."""
