"""A task's test inputs as files, for models that run elsewhere, and their answers as a row."""
