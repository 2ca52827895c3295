"""The world of pictograms: a class as one of twenty pictograms, with channels of any strength."""
