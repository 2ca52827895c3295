"""`spurgen site`: a static site of the leaderboard, made from the results alone."""
