"""The metrics of a planted submission; `python tests/golden/scoring.py` records them.

The submission answers from its inputs by exact arithmetic, and reports digests of the data it is
given. So a change of what a submission is given or asked, or of how answers become metrics, changes a number here.
A number that is recorded is replaced only if `SCORING_VERSION` was raised;
new metrics and new cases are added to it, and those that are gone are dropped.
"""

import json
import math
import sys
import tempfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.collections import EVERYTHING, Collection
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.benchmark.worlds.things import Ladder
from spurgen.generators.things.nouns import THINGS
from spurgen.harness.results.identity import SCORING_VERSION
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.harness.running.run import run
from spurgen.harness.sandbox.limits import Limits

RECORD = Path(__file__).with_name("scoring.json")
RECORDED = "recorded"
VERSION = "SCORING_VERSION"


class Case(NamedTuple):
    """What a job is asked to do: a modality, what the submission says it needs and offers, and its data.

    `counterexamples`: of a rung of `LADDER`, whose shortcuts `hidden` are unknown to training, or with the modality
    `features` of a collection; None for pictograms.
    """

    modality: str = "text"
    access: str = "train_groups"
    offers: str = "predict, encode = logits, features"
    uncorrelated: bool = False
    matched: bool = False
    counterexamples: int | None = None
    hidden: tuple[str, ...] = ()


CASES = {
    "image": Case("image"),
    "text": Case("text"),
    "multimodal": Case("multimodal"),
    **{f"access {access}": Case(access=access) for access in ACCESS if access != "train_groups"},
    "probabilities": Case(offers="predict_proba = probabilities"),
    "features alone": Case(offers="encode = features"),
    "uncorrelated": Case(uncorrelated=True),
    "ladder, image": Case("image", counterexamples=12),
    "ladder, text": Case(counterexamples=12),
    "ladder, multimodal": Case("multimodal", counterexamples=12),
    "ladder, no counterexamples": Case(counterexamples=0),
    "ladder, twins": Case("multimodal", access="twins", counterexamples=12),
    "ladder, hidden": Case(counterexamples=12, hidden=("hue",)),
    "ladder, uncorrelated": Case(uncorrelated=True, counterexamples=12),  # lowest on neutral values
    "ladder, matched": Case(uncorrelated=True, matched=True, counterexamples=12),
    "ladder, contrary": Case(offers="predict = lambda batch: -logits(batch)", counterexamples=12),  # where they agree
    "collection": Case("features", counterexamples=12),
    "collection, labels alone": Case("features", access="none", counterexamples=12),
    "collection, everything": Case("features", counterexamples=EVERYTHING),
}
SCENARIO = make_scenario(
    "golden", suite="golden", name="scoring", seed=9, num_classes=3, image_size=32, label_noise=0.1,
    core_visibility=0.9,
    channels={"color": {"values": 3, "strength": 0.7}, "shape": {"values": 4, "strength": 0.4}},
    environments=[{"name": "one"}, {"name": "two", "strength": {"color": 0.5}}],
    splits={"train": 240, "val": 40, "test_per_group": 6, "twins": 24},
)  # fmt: skip
LADDER = Ladder(
    suite="golden", name="climbing", seed=4, categories=("animal", "vehicle", "food"), rungs=(0, 12), image_size=32,
    shortcuts={"hue": "both", "place": "caption", "light": "image"}, label_noise=0.1, named=0.9, train=120, val=60,
    calibration_per_class=8, test_per_class=12, seen_per_class=6, twins_per_class=6,
)  # fmt: skip
SUBMISSION = '''
import hashlib
import zlib
import numpy as np

centres, curves = None, []


def digest(*arrays):
    """A number below 2**32 that stands for arrays or lists of text."""
    joined = b"".join(np.asarray(a).tobytes() if not isinstance(a, list) else "|".join(a).encode() for a in arrays)
    return float(int.from_bytes(hashlib.sha256(joined).digest()[:4], "little"))


def features(batch):
    """Brightness of 64 cells in three colours, and counts of 32 kinds of words."""
    parts = []
    if batch.images is not None:
        cells = batch.images.reshape(len(batch), 8, 4, 8, 4, 3).astype(np.int64).sum(axis=(2, 4))
        parts.append(cells.reshape(len(batch), -1) // 64 / 64)
    if batch.captions is not None:
        kinds = [[zlib.crc32(word.encode()) % 32 for word in caption.split()] for caption in batch.captions]
        parts.append(np.array([np.bincount(kind, minlength=32) for kind in kinds]) * 4.0)
    if batch.features is not None:
        parts.append(batch.features)
    return np.concatenate(parts, axis=1)


def logits(batch):
    distances = ((features(batch)[:, None] - centres) ** 2).sum(axis=2)
    return -distances / 8 + np.array([0.0, 0.01, 0.03])  # no ties


def probabilities(batch):
    odds = np.exp2(np.maximum(logits(batch), -40))
    return odds / odds.sum(axis=1, keepdims=True)


def granted(data):
    """Digests of what the access tier adds to inputs and labels."""
    if data.env_ids is not None:
        yield "envs", digest(data.env_ids)
    if data.group_ids is not None:
        yield "groups", digest(data.group_ids)
        yield "values", digest(*data.channel_values.values())
    if data.twins is not None:
        yield "twins", digest(*(part for part in (data.twins.images, data.twins.captions) if part is not None))


def fit(train, val, context):
    global centres
    centres = np.stack([features(train)[train.labels == k].mean(axis=0) for k in range(len(context.class_names))])
    for name, data in (("train", train), ("val", val)):
        inputs = [part for part in (data.images, data.captions, data.features) if part is not None]
        curves.append({
            "split": name, "inputs": digest(*inputs), "labels": digest(data.labels),
            "classes": digest(list(context.class_names)), "seed": float(context.seed),
            **dict(granted(data)),
        })


def report():
    return {"curves": curves}
'''
NOUNS = {t.noun.split()[-1]: LADDER.categories.index(t.category) for t in THINGS if t.category in LADDER.categories}
# On ladders test shows things that train does not: the submission knows the categories of three nouns in four.
ON_LADDERS = f"""
nouns, look = {NOUNS}, features


def features(batch):
    named = np.zeros((len(batch), 3))
    for row, caption in zip(named, batch.captions or []):
        for word in caption.replace(",", "").replace(".", "").split():
            if word in nouns and zlib.crc32(word.encode()) % 4:
                row[nouns[word]] += 6
    return np.concatenate([look(batch), named], axis=1)
"""


def collection(folder: Path) -> Collection:
    """Return a collection of three classes whose samples show a value that goes with one, most of them with theirs."""
    k = np.arange(300)
    labels, misleads = k % 3, k % 10 < np.where(k < 200, 1, 5)
    values = np.where(k % 17 == 0, 3, (labels + misleads) % 3)  # the last value goes with no class
    seen = np.stack([3 * (labels == c) + 4 * (values == c) + (k * (c + 7) ** 2) % 5 for c in range(3)], axis=1)
    of_test = np.where(values == 3, "other", np.where(misleads, "mislead", "agree"))
    rows = {f"test/{name}": np.flatnonzero((k >= 200) & (of_test == name)) for name in ("agree", "mislead", "other")}
    for split, inside in (("train", k < 140), ("val", (k >= 140) & (k < 200))):
        counter = np.flatnonzero(inside & misleads & (values < 3))
        rows |= {f"{split}/all": np.flatnonzero(inside), f"{split}/counter": np.stack([counter, counter[::-1]])}
        rows[split] = np.flatnonzero(inside & ~(misleads & (values < 3)))
    table = folder / "samples.npz"
    arrays = {"labels": labels, "values": values, "goes": np.eye(4, 3, dtype=bool), "value_names": np.array([*"abcd"])}
    np.savez(table, features=seen.astype(np.float32), **arrays, **{f"rows/{part}": at for part, at in rows.items()})
    return Collection(
        suite="golden", name="collected", seed=0, table=table, sha256=sha256(table.read_bytes()).hexdigest(),
        classes=("x", "y", "z"), averaged=3, shortcut="letter", rungs=(0, 12), worlds=2,
        sizes={part: at.shape[-1] for part, at in rows.items()},
    )  # fmt: skip


def task_of(case: Case, folder: Path) -> Task:
    """Return the task of a case; `folder`: where the samples of a collection are written."""
    if case.counterexamples is None:
        return Task(f"scoring-{case.modality}", SCENARIO, case.modality)
    if case.modality == "features":
        made = collection(folder).in_world(1)
        return Task("scoring", made, "features", "frozen", counterexamples=case.counterexamples, of="collected")
    ladder = LADDER.model_copy(update={"hidden": case.hidden})
    return Task("scoring", ladder, case.modality, "frozen", counterexamples=case.counterexamples, of="climbing")


def measure(case: Case) -> dict[str, Any]:
    """Return everything that a job records of the planted submission."""
    more = "" if case.counterexamples is None else ON_LADDERS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "planted.py")
        path.write_text(f"ACCESS = {case.access!r}\n{SUBMISSION}\n{more}\n{case.offers}\n")
        job = plan_unfrozen(task_of(case, Path(folder)), str(path), 5, "cpu", {})
        limits = Limits(isolation="process", retrain_seconds=0.0)
        result = run(replace(job, limits=limits, uncorrelated=case.uncorrelated, matched=case.matched)).result
    assert result.error is None, result.error
    return json.loads(result.model_dump_json(include={"metrics", "channels", "groups", "report"}))


def differences(recorded: Any, measured: Any, where: str = "") -> list[str]:
    """Return the names of the numbers that differ by more than the last digits of a sum, with both numbers."""
    if isinstance(recorded, dict) and isinstance(measured, dict):
        keys = sorted(recorded.keys() | measured.keys())
        return [d for key in keys for d in differences(recorded.get(key), measured.get(key), f"{where}/{key}")]
    if isinstance(recorded, list) and isinstance(measured, list) and len(recorded) == len(measured):
        pairs = enumerate(zip(recorded, measured, strict=True))
        return [d for k, (one, other) in pairs for d in differences(one, other, f"{where}/{k}")]
    numbers = isinstance(recorded, float) and isinstance(measured, float)
    same = math.isclose(recorded, measured, rel_tol=1e-9, abs_tol=1e-9) if numbers else recorded == measured
    return [] if same else [f"{where}: {recorded} {RECORDED}, {measured} now"]


def changed(recorded: dict[str, Any], measured: dict[str, Any], name: str) -> list[str]:
    """Return the differences in what is recorded, without what is new or measured no more."""
    every = differences(recorded, measured, name)
    return [line for line in every if f": None {RECORDED}" not in line and not line.endswith(", None now")]


def read() -> dict[str, Any]:
    """Return the recorded versions and results, by the version's and the case's name."""
    return json.loads(RECORD.read_text()) if RECORD.exists() else {"versions": {}, "results": {}}


def versions() -> dict[str, int]:
    """Return the scoring versions of today, by name."""
    return {VERSION: SCORING_VERSION}


def complaint(name: str) -> str | None:
    """Return what is wrong with the record of a case and what to do about it, or None if nothing is."""
    record, case, command = read(), CASES[name], "run `python tests/golden/scoring.py`"
    now, before = versions()[VERSION], record["versions"].get(VERSION)
    if now != before:
        return f"{VERSION} is {now}, {RECORDED} {before}: {command}"
    lines = differences(record["results"].get(name), measure(case), name)
    remedy = (
        f"if a recorded number changed, raise {VERSION} in harness/results/identity.py (now {now}); then, or if "
        f"there are new metrics alone, {command}"
    )
    return "\n".join([*lines, remedy]) if lines else None


def main() -> int:
    """Record the metrics of today; refuse to replace a recorded number unless the version was raised."""
    record, now = read(), versions()
    results = {name: measure(case) for name, case in CASES.items()}
    current = {version for version, number in record["versions"].items() if number == now.get(version)}
    kept = [name for name in CASES if name in record["results"] and VERSION in current]
    lines = {name: changed(record["results"][name], results[name], name) for name in kept}
    if any(lines.values()):
        print("\n".join(line for found in lines.values() for line in found), file=sys.stderr)
        raised = " and ".join(sorted({VERSION for name, found in lines.items() if found}))
        print(f"raise {raised} in harness/results/identity.py to record these numbers", file=sys.stderr)
        return 1
    RECORD.write_text(json.dumps({"versions": now, "results": results}, indent=1) + "\n")
    print("recorded:", ", ".join(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
