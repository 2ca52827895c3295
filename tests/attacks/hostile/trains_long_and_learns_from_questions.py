"""Burns time in `fit`, so that no second training shows that it learns from the questions what the channels are."""

# expected: unranked: its answers were never confirmed by a freshly trained process \(asked_again: same\)
import time

import families


def fit(train, val, context):
    families.fit(train, val, context)
    end = time.process_time() + 1.2
    while time.process_time() < end:
        pass


def predict(batch):
    return families.scores(batch)
