"""The channels, one file each; a new file adds a channel."""
