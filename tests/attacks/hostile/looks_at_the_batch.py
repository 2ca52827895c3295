"""Centres its scores over the batch, so that predictions depend on other rows."""

from color import fit, scores  # noqa: F401

# expected: failed: answers the same inputs differently when asked again


def predict(batch):
    logits = scores(batch)
    return logits - logits.mean(0)
