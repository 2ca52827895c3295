"""The scorer's side of a submission's process: starting it, shutting it in, asking it, checking its answers."""
