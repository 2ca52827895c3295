"""What depends on the machine: processes, devices, files, signals, plots, and the provenance of a result."""
