"""Recorded training results of every method: `python tests/golden/record.py [METHOD ...]`.

Trains each method for a few steps on a tiny task and stores a summary in training.json, with which `test_golden.py`
compares the code as it is. Only a method or a case that is new, or a method whose version was raised, is recorded.
"""

import dataclasses
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from spurgen.baselines.training import backbones
from spurgen.baselines.training.hyperparameters import Recipe
from spurgen.baselines.training.method import Baseline
from spurgen.baselines.training.version import TRAINING_VERSION
from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators import sample, twins

RECORD = Path(__file__).with_name("training.json")
SCENARIO = make_scenario(
    "tests/golden", suite="golden", name="tiny", seed=1, num_classes=3, image_size=32,
    channels={"color": {"values": 3, "strength": 0.7}, "background": {"values": 3, "strength": 0.7}},
    environments=[{"name": "one"}, {"name": "two", "strength": {"color": 0.4}}],
    splits={"train": 64, "val": 48, "test_per_group": 1},
)  # fmt: skip
CASES = (("image", "scratch"), ("text", "scratch"))
SHARED_CASES = {"erm": (*CASES, ("multimodal", "scratch"), ("image", "finetuned"), ("text", "finetuned"))}
OPTIONS = {"epochs": 2, "batch_size": 16, "lr": 5e-4}  # the defaults are compared as such
OWN_OPTIONS = {"ssa": {"steps": 4}}
OF_TRAINED = {"epochs": 2}  # the other values are those with which all methods train an encoder
TOLERANCE = 1e-3
"""Largest difference that counts as rounding: relative for losses, in units of their spread for logits.

Another CPU adds in another order. Kernels restricted to SSE4 move the results of eight steps at this learning rate by
4e-5 at most (at the methods' own rates, by 1e-2); changing a method's hyper-parameter by a tenth moves them by more
than 2e-3 in nearly every case.
"""


@cache
def split(name: str, modality: str) -> LabeledData:
    """Return all that a split of the tiny scenario can show to a method."""
    where = range(SCENARIO.split_size(name))
    drawn, redrawn = sample(SCENARIO, name, where), twins(SCENARIO, name, where, "unc")
    batch, counterparts = (
        Batch(None if modality == "text" else samples.images, None if modality == "image" else samples.captions)
        for samples in (drawn, redrawn)
    )
    return LabeledData(
        batch=batch,
        labels=drawn.labels,
        num_groups=SCENARIO.num_classes * SCENARIO.num_patterns,
        env_ids=drawn.env_ids,
        group_ids=drawn.group_ids,
        channel_values=dict(drawn.channel_values),
        twins=counterparts,
    )


@contextmanager
def reproducible() -> Iterator[None]:
    """Compute in float32 with one thread, on every CPU."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with patch.object(backbones, "_multiplies_bfloat16", lambda _device: False):
            yield
    finally:
        torch.set_num_threads(threads)


def run_case(method: Baseline, modality: str, backbone: str) -> dict[str, list[float]]:
    """Train a method on one case; return all losses, and mean and spread of the logits of 16 samples."""
    options = OF_TRAINED if backbone == "finetuned" else OPTIONS
    trained = method.with_options(**(options | OWN_OPTIONS.get(method.NAME, {})))
    train, val = (split(name, modality) for name in ("train", "val"))
    names = tuple(map(str, range(SCENARIO.num_classes)))
    with reproducible(), tempfile.TemporaryDirectory() as scratch:
        context = Context(names, modality, SCENARIO.image_size, "cpu", 0, Path(scratch), backbone)
        trained.fit(train.restrict(method.ACCESS, "train"), val.restrict(method.ACCESS, "val"), context)
        logits = torch.from_numpy(trained.predict(val.batch)).double()
    val_loss = cross_entropy(logits, torch.from_numpy(val.labels)).item()
    losses = [val_loss, *(curve["loss"] for curve in trained.report()["curves"])]
    return {"losses": rounded(losses), "logits": rounded([logits[:16].mean().item(), logits[:16].std().item()])}


def rounded(values: list[float]) -> list[float]:
    """Round to six significant digits."""
    return [float(f"{value:.6g}") for value in values]


def measure(method: Baseline) -> dict[str, Any]:
    """Return what is recorded of a method: versions, default hyper-parameters, and the results of each case."""
    return {
        "version": method.VERSION,
        "training_version": TRAINING_VERSION,
        "hyperparameters": counting(method.HYPERPARAMETERS),
        "cases": {name: run_case(method, *case) for name, case in cases_of(method).items()},
    }


def counting(hyper: Recipe) -> dict[str, Any]:
    """Return the hyper-parameters that count on images and captions, of which the cases are."""
    return {
        entry.name: getattr(hyper, entry.name)
        for entry in dataclasses.fields(hyper)
        if entry.metadata["only"] != "features"
    }


def cases_of(method: Baseline) -> dict[str, tuple[str, str]]:
    """Return the modality and backbone of each of a method's cases, by the case's name."""
    return {", ".join(case): case for case in SHARED_CASES.get(method.NAME, CASES)}


def differences(recorded: dict[str, Any], measured: dict[str, Any]) -> Iterator[str]:
    """List the hyper-parameters and the results that differ."""
    for part in ("hyperparameters", "cases"):
        for name in recorded[part] | measured[part]:
            before, now = recorded[part].get(name), measured[part].get(name)
            if not (agree(before, now) if part == "cases" and before and now else before == now):
                yield f"{name}: {before} before, {now} now"


def agree(before: dict[str, list[float]], now: dict[str, list[float]]) -> bool:
    """Return whether two results of a case are the same up to `TOLERANCE`."""
    losses, (mean, spread) = before["losses"], before["logits"]
    return (
        len(losses) == len(now["losses"])
        and np.allclose(now["losses"], losses, rtol=TOLERANCE, atol=0)
        and np.allclose(now["logits"], [mean, spread], rtol=0, atol=TOLERANCE * spread)
    )


def read(path: Path = RECORD) -> dict[str, dict[str, Any]]:
    """Return what is recorded of each method."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def complaint(method: Baseline, recorded: dict[str, Any] | None) -> str | None:
    """Return what is wrong with the record of a method and what to do about it, or None if nothing is."""
    name, command = method.NAME, "run `python tests/golden/record.py"
    if recorded is None:
        return f"{name} has no recorded results: {command} {name}`"
    if recorded["training_version"] != TRAINING_VERSION:
        return f"TRAINING_VERSION is {TRAINING_VERSION}, recorded {recorded['training_version']}: {command}`"
    if recorded["version"] != method.VERSION:
        return f"version of {name} is {method.VERSION}, recorded {recorded['version']}: {command} {name}`"
    changed = "; ".join(differences(recorded, measure(method)))
    if changed:
        return (
            f"results of {name} changed ({changed}): raise `version` in baselines/{name}.py (now {method.VERSION}), "
            f"then {command} {name}`; if baselines/training changed every method, raise TRAINING_VERSION in "
            f"baselines/training/version.py (now {TRAINING_VERSION}) instead, then {command}`"
        )
    return None


def record(methods: list[Baseline], path: Path = RECORD) -> list[str]:
    """Measure and store the methods that are new or whose version was raised, and new cases; return their names."""
    entries = read(path)
    new: list[str] = []
    for method in methods:
        raised = is_raised(method, entries.get(method.NAME))
        missing = [case for case in cases_of(method) if raised or case not in entries[method.NAME]["cases"]]
        if missing:
            kept = {} if raised else entries[method.NAME]["cases"]
            measured = measure(method)
            entries[method.NAME] = measured | {"cases": measured["cases"] | kept}
            new.append(method.NAME)
    known = discover("spurgen.baselines")
    lines = [f"{json.dumps(name)}: {json.dumps(entries[name])}" for name in sorted(entries) if name in known]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return new


def is_raised(method: Baseline, recorded: dict[str, Any] | None) -> bool:
    """Return whether a method is new, or its version or that of the training code was raised since it was recorded."""
    if recorded is None:
        return True
    versions = (TRAINING_VERSION, method.VERSION)
    before = (recorded["training_version"], recorded["version"])
    return versions != before and all(now >= old for now, old in zip(versions, before, strict=True))


if __name__ == "__main__":
    methods = {name: module.submission for name, module in discover("spurgen.baselines").items()}
    unknown = set(sys.argv[1:]) - set(methods)
    if unknown:
        sys.exit(f"there is no method {', '.join(sorted(unknown))} in baselines/")
    stored = record([methods[name] for name in sys.argv[1:] or methods])
    print("recorded:", ", ".join(stored) or "nothing, since no version was raised")
