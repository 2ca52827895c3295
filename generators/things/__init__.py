"""The world of things: a thing of a category before a wall, whose shortcuts mislead in few samples."""
