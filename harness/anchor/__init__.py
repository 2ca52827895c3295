"""The anchor: the baselines, by our own loop, on a real data set, and how their ranking there agrees with others."""
