"""Declares that it needs no annotations, and reads the groups."""

# expected: failed: group_ids is None: write ACCESS
ACCESS = "none"


def fit(train, val, context):
    global groups
    groups = [int(group) for group in train.group_ids]


def predict(batch):
    return [[0.0] * 3] * len(batch)
