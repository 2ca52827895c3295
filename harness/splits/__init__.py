"""A suite's data: frozen once, written to disk, checked against the manifest."""
