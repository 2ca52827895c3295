"""Predicts wrongly on val, on which the temperature is fitted, to flatten all its probabilities."""

# expected: unranked: its probabilities are flatter than its predictions
from color import fit as learn
from color import scores


def fit(train, val, context):
    global known
    learn(train, val, context)
    known = {image.tobytes() for image in val.images}


def predict(batch):
    answers = scores(batch)
    for row, image in enumerate(batch.images):
        if image.tobytes() in known:
            answers[row] = -answers[row]
    return answers
