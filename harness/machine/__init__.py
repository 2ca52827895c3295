"""Code that depends on the machine: processes, devices, files, signals, printing, and the provenance of a result."""
