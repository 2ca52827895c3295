"""The scorer's side of a submission's process: start it in a sandbox, ask it, check its answers."""
