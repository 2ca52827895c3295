"""`spurgen run` and `spurgen sweep`: methods compared or tuned on any world, with a report and pictures."""
