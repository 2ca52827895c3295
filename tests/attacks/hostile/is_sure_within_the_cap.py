"""Puts the lowest tenth of its leads at nine median leads, which count in full, to flatten all other probabilities."""

# expected: unranked: its probabilities are flatter than its predictions
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

model = make_pipeline(CountVectorizer(), LogisticRegression(C=0.05))


def leads(scores):
    return np.diff(np.sort(scores, axis=1)[:, -2:], axis=1)[:, 0]


def fit(train, val, context):
    global least, sure
    model.fit(train.captions, train.labels)
    found = leads(model.decision_function(val.captions))
    least, sure = np.quantile(found, 0.1), 9 * np.median(found)


def predict(batch):
    scores = model.decision_function(batch.captions)
    unsure = leads(scores) <= least
    scores[unsure, scores[unsure].argmax(axis=1)] += sure
    return scores
