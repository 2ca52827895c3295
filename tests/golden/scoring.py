"""The metrics of a planted submission; `python tests/golden/scoring.py` records them.

The submission answers from its inputs by exact arithmetic, and reports digests of the data it is
given. So a change of what a submission is given or asked, or of how answers become metrics, changes a number here.
A number that is recorded is replaced only if `SCENARIO_SCORING_VERSION` was raised; new metrics and new cases are added
to it, and those that are gone are dropped.
"""

import json
import math
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from spurgen.benchmark.contract import ACCESS
from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.task import Task
from spurgen.harness.results.identity import SCENARIO_SCORING_VERSION
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.harness.running.run import run
from spurgen.harness.sandbox.limits import Limits

RECORD = Path(__file__).with_name("scoring.json")
RECORDED = "recorded"


class Case(NamedTuple):
    """What a job is asked to do: a modality, what the submission says it needs and offers, and its data."""

    modality: str = "text"
    access: str = "train_groups"
    offers: str = "predict, encode = logits, features"
    uncorrelated: bool = False


CASES = {
    "image": Case("image"),
    "text": Case("text"),
    "multimodal": Case("multimodal"),
    **{f"access {access}": Case(access=access) for access in ACCESS if access != "train_groups"},
    "probabilities": Case(offers="predict_proba = probabilities"),
    "features alone": Case(offers="encode = features"),
    "uncorrelated": Case(uncorrelated=True),
}
SCENARIO = make_scenario(
    "golden", suite="golden", name="scoring", seed=9, num_classes=3, image_size=32, label_noise=0.1,
    core_visibility=0.9,
    channels={"color": {"values": 3, "strength": 0.7}, "shape": {"values": 4, "strength": 0.4}},
    environments=[{"name": "one"}, {"name": "two", "strength": {"color": 0.5}}],
    splits={"train": 240, "val": 40, "test_per_group": 6, "twins": 24},
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
        yield "twins", digest(data.twins.captions)


def fit(train, val, context):
    global centres
    centres = np.stack([features(train)[train.labels == k].mean(axis=0) for k in range(len(context.class_names))])
    for name, data in (("train", train), ("val", val)):
        inputs = [part for part in (data.images, data.captions) if part is not None]
        curves.append({
            "split": name, "inputs": digest(*inputs), "labels": digest(data.labels),
            "classes": digest(list(context.class_names)), "seed": float(context.seed),
            **dict(granted(data)),
        })


def report():
    return {"curves": curves}
'''


def measure(case: Case) -> dict[str, Any]:
    """Return everything that a job records of the planted submission."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "planted.py")
        path.write_text(f"ACCESS = {case.access!r}\n{SUBMISSION}\n{case.offers}\n")
        task = Task(f"scoring-{case.modality}", SCENARIO, case.modality)  # type: ignore[arg-type]
        job = plan_unfrozen(task, str(path), 5, "cpu", {})
        limits = Limits(isolation="process", retrain_seconds=0.0)
        result = run(replace(job, limits=limits, uncorrelated=case.uncorrelated)).result
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


def changed(recorded: dict[str, Any], measured: dict[str, Any]) -> list[str]:
    """Return the differences in what is recorded, without what is new or measured no more."""
    every = differences(recorded, measured)
    return [line for line in every if f": None {RECORDED}" not in line and not line.endswith(", None now")]


def main() -> int:
    """Record the metrics of today; refuse to replace a recorded number unless the version was raised."""
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {"version": None, "results": {}}
    results = {name: measure(case) for name, case in CASES.items()}
    if record["version"] == SCENARIO_SCORING_VERSION:
        lines = changed(record["results"], results)
        if lines:
            print("\n".join(lines), file=sys.stderr)
            print(
                "raise SCENARIO_SCORING_VERSION in harness/results/identity.py to record these numbers", file=sys.stderr
            )
            return 1
    RECORD.write_text(json.dumps({"version": SCENARIO_SCORING_VERSION, "results": results}, indent=1) + "\n")
    print("recorded:", ", ".join(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
