"""Sheets of pictures that show the world."""
