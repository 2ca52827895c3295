"""Data sets as files, in the formats that other libraries read."""
