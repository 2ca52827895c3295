"""Runs a torch network in several threads, batch by batch."""

# expected: ranked
from concurrent.futures import ThreadPoolExecutor

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
