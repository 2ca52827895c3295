"""The world of things: categories shown by many things, before walls whose looks are the shortcuts."""
