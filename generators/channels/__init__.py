"""The channels, one file each: dropping one in adds it."""
