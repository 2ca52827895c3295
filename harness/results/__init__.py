"""Results on disk: their identity, their storage, and whether their metrics follow from their samples."""
