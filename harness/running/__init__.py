"""Running jobs: planned, trained, asked, scored, each result kept as it comes."""
