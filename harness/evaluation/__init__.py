"""Figures of predictions on any labelled data: `spurgen evaluate`."""
