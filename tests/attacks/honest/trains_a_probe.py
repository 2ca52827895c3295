"""Fits a linear model on pixels and saves it in its scratch folder."""

# expected: ranked
import joblib
from sklearn.linear_model import LogisticRegression


def flat(images):
    return images[:, ::4, ::4].reshape(len(images), -1) / 255


def fit(train, val, context):
    global place
    place = context.scratch / "model.joblib"
    joblib.dump(LogisticRegression(max_iter=300).fit(flat(train.images), train.labels), place)


def predict(batch):
    return joblib.load(place).predict_log_proba(flat(batch.images))
