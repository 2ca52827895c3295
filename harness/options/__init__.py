"""What several commands share: their flags, and what the flags mean."""
