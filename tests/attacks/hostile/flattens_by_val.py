"""Predicts wrongly on val, as if the temperature were fitted there, to flatten all its probabilities."""

# expected: ranked: as honest/reads_the_color.py
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
