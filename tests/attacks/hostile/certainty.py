"""Certainty where a submission expects to be wrong, which would flatten all its other probabilities."""

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

model = make_pipeline(CountVectorizer(), LogisticRegression(C=0.05))


def leads(scores):
    return np.diff(np.sort(scores, axis=1)[:, -2:], axis=1)[:, 0]


def fit(train, val, context):
    global least
    model.fit(train.captions, train.labels)
    least = np.quantile(leads(model.decision_function(val.captions)), 0.03)


# %% hides_noise_behind_sure_answers
# Claims certainty where it is least sure, and hides behind the temperature that all other scores are random.
# expected: failed: predict answers the same inputs differently
def predict(batch):
    scores = model.decision_function(batch.captions)
    unsure = leads(scores) <= least
    scores *= np.random.default_rng().uniform(0.2, 5, (len(scores), 1))
    scores[unsure, scores[unsure].argmax(axis=1)] = 1e7
    return scores


# %% is_sure_of_a_few
# Claims certainty where it is least sure, so that a few wrong answers flatten the probabilities of all others.
# expected: failed: scores on test differ by up to .* times the temperature that fits them elsewhere
def predict(batch):
    scores = model.decision_function(batch.captions)
    unsure = leads(scores) <= least
    scores[unsure, scores[unsure].argmax(axis=1)] = 1e7
    return scores
