"""Honest submissions, which the sandbox must not hinder."""

import sys
from concurrent.futures import ThreadPoolExecutor

import color
import numpy as np

# %% encodes
# Returns features only; the harness fits the probe.
# expected: ranked
FORMS = ("heart", "love", "valentine", "arrow", "pointer", "moon", "crescent", "red", "blue", "green")


def encode(batch):
    return np.array([[float(word in caption) for word in FORMS] for caption in batch.captions])


# %% gives_probabilities
# Returns probabilities, some of which are 0.
# expected: ranked
fit = color.fit


def predict_proba(batch):
    return np.eye(3)[color.scores(batch).argmax(axis=1)]


# %% prints_a_little
# Prints a few lines while it works.
# expected: ranked
fit = color.fit


def predict(batch):
    print(f"{len(batch)} rows", file=sys.stderr)
    print("still here")
    return color.scores(batch)


# %% reads_the_color
# Reads the colour from the caption: misled by it, but better than chance.
# expected: ranked
fit = color.fit


def predict(batch):
    return color.scores(batch)


# %% trains_a_probe
# Fits a linear model on pixels and saves it in its scratch folder.
# expected: ranked
def flat(images):
    return images[:, ::4, ::4].reshape(len(images), -1) / 255


def fit(train, val, context):
    import joblib
    from sklearn.linear_model import LogisticRegression

    global place
    place = context.scratch / "model.joblib"
    joblib.dump(LogisticRegression(max_iter=300).fit(flat(train.images), train.labels), place)


def predict(batch):
    import joblib

    return joblib.load(place).predict_log_proba(flat(batch.images))


# %% uses_threads_and_torch
# Runs a torch network in several threads, batch by batch.
# expected: ranked
import torch

torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(32 * 32 * 3, 3)).eval()


def fit(train, val, context):
    images, labels = torch.from_numpy(train.images.copy()).float() / 255, torch.from_numpy(train.labels.copy())
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(50):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimiser.step()


def predict(batch):
    parts = torch.from_numpy(batch.images.copy()).float().div(255).split(64)
    with torch.inference_mode(), ThreadPoolExecutor(3) as threads:
        return torch.cat([*threads.map(network, parts)])
