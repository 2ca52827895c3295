"""A user's own data as a ladder: read, encoded, trained on with a rising number of counterexamples, reported."""
