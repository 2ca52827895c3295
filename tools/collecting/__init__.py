"""Where the samples of real ladders come from, and which of them a ladder has."""
