"""The human baseline: a local page that shows scenes to a person, the answers on disk, and their summary."""
