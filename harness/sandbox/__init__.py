"""The scorer's side of a submission's process: start it in a sandbox, query it, check its answers."""
