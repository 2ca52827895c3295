"""From results on disk to the leaderboard: which rows count, what they come to, how that is written."""
