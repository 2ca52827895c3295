"""Opens settings of the host's kernel for writing."""

# expected: unranked: not significantly better than chance
import os

from loot import guess


def steal():
    folders = [folder for folder in os.listdir("/proc") if not folder.isdigit() and "self" not in folder]
    files = [f"/proc/{name}" for name in folders if os.path.isfile(f"/proc/{name}")]
    for name in folders:
        files += [f"{root}/{file}" for root, _, inside in os.walk(f"/proc/{name}") for file in inside]
    return [file for file in files if os.access(file, os.W_OK)]


def predict(batch):
    return guess(batch, steal())
