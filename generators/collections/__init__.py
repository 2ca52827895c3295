"""Worlds of samples that nobody drew: a user's own, or others in the same form."""
