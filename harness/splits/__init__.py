"""A suite's data: frozen, checked against the manifest."""
