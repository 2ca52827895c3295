"""Flags that several commands share, and functions that apply them."""
