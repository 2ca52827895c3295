"""Sheets of images that show the world."""
