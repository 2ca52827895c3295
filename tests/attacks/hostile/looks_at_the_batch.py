"""Standardises features over the batch, so that predictions depend on other rows."""

# expected: failed: answers the same inputs differently when asked again


def predict(batch):
    features = batch.images.mean((1, 2))
    return (features - features.mean(0)) / (features.std(0) + 1e-9)
