"""Results on disk: what identifies one, where it is stored, whether its metrics follow from its samples."""
