"""`spurgen run` and `spurgen sweep`: compare or tune methods on any scenario, with a report and plots."""
