"""Running jobs: plan them, train and query the submission, score its predictions, store each result."""
