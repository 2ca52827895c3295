"""A suite's data: freezing, writing to disk, checking against the manifest."""
