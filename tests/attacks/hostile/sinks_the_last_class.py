"""Puts the least likely class a million below the others, so that one wrong answer flattens their probabilities."""

# expected: unranked: its probabilities are flatter than its predictions
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

model = make_pipeline(CountVectorizer(), LogisticRegression(C=0.05))


def fit(train, val, context):
    model.fit(train.captions, train.labels)


def predict(batch):
    scores = model.decision_function(batch.captions)
    return np.where(scores == scores.min(axis=1, keepdims=True), -1e6, scores)
