"""Small, complete submissions to copy and edit."""
