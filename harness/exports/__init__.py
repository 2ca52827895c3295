"""Data sets as files, in formats that other libraries read."""
