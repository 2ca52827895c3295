"""The subcommands: a file each, with `add_arguments(parser)` and `run(arguments, console) -> exit code`."""
