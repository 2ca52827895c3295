"""A submission in a process of its own: the scorer's side, the worker's side, and the pipe between them."""
