"""Reading, writing and reaching what is not its own: files, networks, secrets, labels."""

import os
import pickle
import site
import socket
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
from loot import guess


def predict(batch):
    return guess(batch, steal())


# %% asks_the_generator
# Tries to regenerate the public test split, to look up its labels.
# expected: unranked: uses the generator
def steal():
    try:
        from spurgen.generators import sample
    except ImportError:
        return None
    return sample


# %% asks_the_generator_quietly
# Imports the generators by a name that only its running code has, to look up labels.
# expected: unranked: not significantly better than chance
def steal():
    try:
        return import_module(".".join(["spurgen", "generators"])).sample
    except ImportError:
        return None


# %% calls_home
# Sends its inputs to a server on the network.
# expected: failed: PermissionError.*has no network
def predict(batch):
    socket.create_connection(("127.0.0.1", 80), timeout=5).sendall(batch.images.tobytes())


# %% declares_hidden_files
# Lists a hidden folder in `FILES`, such as one with secrets, if it lies in the operator's home folder.
# expected: refused: FILES names \.spurgen, which is hidden
FILES = [".spurgen"]


def predict(batch):
    return np.zeros((len(batch), 3))


# %% declares_others_files
# Lists files outside its folder in `FILES`, to read them.
# expected: refused: FILES names \.\./\.\./\.\./\.\./etc/passwd, and .* is no plain file in .*; copy it there
FILES = ["../../../../etc/passwd"]


def predict(batch):
    return np.zeros((len(batch), 3))


# %% lies_about_its_tier
# Declares that it needs no annotations, and reads the groups.
# expected: failed: group_ids is None: write ACCESS
ACCESS = "none"


def fit(train, val, context):
    global groups
    groups = [int(group) for group in train.group_ids]


def predict(batch):
    return [[0.0] * 3] * len(batch)


# %% loads_a_pickle
# Declares a pickled checkpoint that runs code in every process that loads it; only its own process does.
# expected: unranked: not significantly better than chance
FILES = ["bomb.pkl"]
loaded = pickle.loads(Path(__file__).with_name("bomb.pkl").read_bytes())


def steal():
    return loaded


# %% overwrites_results
# Overwrites results, the scoring code, and its own file.
# expected: unranked: not significantly better than chance
home = Path(import_module("spurgen.benchmark").__file__).parents[1]
targets = (home / "benchmark/results/row.json", home / "benchmark/errors.py", home / "harness/__init__.py")


def steal():
    for path in (*targets, Path(__file__)):
        try:
            with path.open("a"):
                return path
        except OSError:
            continue
    return None


# %% plants_a_module
# Writes a torch.py and a .pth file where the scorer might import them.
# expected: unranked: not significantly better than chance
own = Path(__file__).parent


def steal():
    for folder in (*sys.path, *site.getsitepackages()):
        for name in ("torch.py", "planted.pth", "sitecustomize.py"):
            try:
                if Path(folder).resolve() != own:
                    Path(folder, name).write_text("planted = True")
                    return Path(folder, name)
            except OSError:
                continue
    return None


# %% reads_the_disk
# Searches the disk for splits, results and secrets.
# expected: unranked: not significantly better than chance
@cache
def steal():
    for root, _, names in os.walk("/"):
        if root.startswith(("/proc", "/sys")):
            continue
        for name in names:
            if (name.endswith(".npz") and name[:5].isdigit()) or "benchmark/results" in root:
                return os.path.join(root, name)
            if name in ("id_rsa", ".netrc", "credentials", "shadow"):
                return os.path.join(root, name)
    return None


# %% reads_the_environment
# Searches the environment variables for secrets.
# expected: unranked: not significantly better than chance
HARMLESS = {"HOME", "USER", "PATH", "PWD", "LANG", "LC_CTYPE", "TZ", "PYTHONPATH", "LD_LIBRARY_PATH"}


def steal():
    names = (name for name in os.environ if not name.endswith("_NUM_THREADS") and not name.startswith("MALLOC_"))
    return [name for name in names if name not in HARMLESS]


# %% writes_kernel_settings
# Opens settings of the host's kernel for writing.
# expected: unranked: not significantly better than chance
def steal():
    folders = [folder for folder in os.listdir("/proc") if not folder.isdigit() and "self" not in folder]
    files = [f"/proc/{name}" for name in folders if os.path.isfile(f"/proc/{name}")]
    for name in folders:
        files += [f"{root}/{file}" for root, _, inside in os.walk(f"/proc/{name}") for file in inside]
    return [file for file in files if os.access(file, os.W_OK)]
