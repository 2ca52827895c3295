"""Naive Bayes over words: ten lines that read captions."""

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

NAME = "word-counts"
MODALITIES = {"text"}
model = make_pipeline(CountVectorizer(), MultinomialNB())


def fit(train, val, context):
    """Counts words per class."""
    model.fit(train.captions, train.labels)


def predict_proba(batch):
    """Returns probabilities, (n, K)."""
    return model.predict_proba(batch.captions)
