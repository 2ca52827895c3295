"""The look that all charts share, and the sheets of pictures that show the world."""
