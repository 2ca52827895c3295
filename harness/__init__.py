"""Everything with side effects: freezing, workers, scoring, ranking, the leaderboard, the command line."""
