"""The metrics of a planted submission; `python tests/golden/scoring.py` records them.

The submission predicts from its inputs by exact arithmetic, encodes, keeps two checkpoints and reports digests of the
data it is given. So a change of what a submission is given or asked, or of how predictions become metrics, changes a
number here. Recording needs a raised `SCORING_VERSION`.
"""

import json
import sys
import tempfile
from pathlib import Path

from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.suite import Task
from spurgen.harness.results.identity import SCORING_VERSION
from spurgen.harness.running.plan import plan_unfrozen
from spurgen.harness.running.run import run
from spurgen.harness.sandbox.limits import Limits

RECORD = Path(__file__).with_name("scoring.json")
MODALITIES = ("image", "text", "multimodal")
SCENARIO = make_scenario(
    "golden", suite="golden", name="scoring", seed=9, num_classes=3, image_size=32, label_noise=0.1,
    core_visibility=0.9,
    channels={"color": {"values": 3, "strength": 0.7}, "shape": {"values": 4, "strength": 0.6}},
    environments=[{"name": "one"}, {"name": "two", "strength": {"color": 0.5}}],
    splits={"train": 60, "val": 40, "test_per_group": 6, "twins": 24},
)  # fmt: skip
SUBMISSION = '''
import hashlib
import numpy as np

ACCESS = "train_groups"
SLOPES = np.array([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3], [5, 8, 9, 7, 9]])
place, curves = 1, []


def digest(*arrays):
    """A number below 2**32 that stands for arrays or lists of text."""
    joined = b"".join(np.asarray(a).tobytes() if not isinstance(a, list) else "|".join(a).encode() for a in arrays)
    return float(int.from_bytes(hashlib.sha256(joined).digest()[:4], "little"))


def encode(batch):
    parts = np.zeros((len(batch), 5))
    if batch.images is not None:
        cut = batch.images[:, 8:24, 8:24].reshape(len(batch), 4, -1).astype(np.int64)
        parts[:, :4] += cut.sum(axis=2) % 997 / 100
    if batch.captions is not None:
        parts += np.array([[c.count(letter) for letter in "aeilo"] for c in batch.captions])
    return parts


def predict(batch):
    return (1 if place else -1) * encode(batch) @ SLOPES.T / 8


def fit(train, val, context):
    for name, data in (("train", train), ("val", val)):
        inputs = [part for part in (data.images, data.captions) if part is not None]
        curves.append({
            "split": name, "inputs": digest(*inputs), "labels": digest(data.labels), "envs": digest(data.env_ids),
            "groups": digest(data.group_ids), "values": digest(*data.channel_values.values()),
            "classes": digest(list(context.class_names)), "seed": float(context.seed),
        })


def report():
    return {"curves": curves}


def checkpoints():
    return 2


def restore(k):
    global place
    place = k
'''


def measure(modality: str) -> dict[str, object]:
    """Return everything that a job records of the planted submission on a modality."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "planted.py")
        path.write_text(SUBMISSION)
        task = Task(f"scoring-{modality}", SCENARIO, modality)  # type: ignore[arg-type]
        job = plan_unfrozen(task, str(path), 5, "cpu", {}, Limits(isolation="process", retrain_seconds=0.0))
        result = run(job).result
    assert result.error is None, result.error
    return json.loads(result.model_dump_json(include={"metrics", "channels", "patterns", "groups", "rules", "report"}))


def main() -> int:
    """Record the metrics of today; refuse while the version is the recorded one."""
    if RECORD.exists() and json.loads(RECORD.read_text())["version"] == SCORING_VERSION:
        print("SCORING_VERSION is the recorded one: raise it in harness/results/identity.py first", file=sys.stderr)
        return 1
    record = {"version": SCORING_VERSION, "results": {modality: measure(modality) for modality in MODALITIES}}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
