"""Naive Bayes on the word counts of captions."""

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

NAME = "word-counts"
MODALITIES = {"text"}
model = make_pipeline(CountVectorizer(), MultinomialNB())


def fit(train, val, context):
    """Count words per class."""
    model.fit(train.captions, train.labels)


def predict_proba(batch):
    """Return probabilities, (n, K)."""
    return model.predict_proba(batch.captions)
