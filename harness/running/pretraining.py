"""Train the encoders that `pretrained` tasks start from."""

import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from spurgen.baselines import erm
from spurgen.baselines.training.pretrained import Arrays, digest, to_arrays
from spurgen.baselines.training.problem import Problem
from spurgen.benchmark.contract import Context
from spurgen.benchmark.scenario import Scenario
from spurgen.benchmark.scenario_tables import Modality
from spurgen.benchmark.suite import Task
from spurgen.generators import class_names, sample
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.running.task_data import halves_of, labeled_data

WORLD = Path(__file__).with_suffix(".toml")  # the scenario that the published encoders were trained on
RECIPE = erm.Hyperparameters(epochs=3, lr=1e-3, weight_decay=1e-2)
"""Settings that the published encoders were trained with."""
PARTS: dict[str, Modality] = {"image": "image", "caption": "text"}


def pretrain(scenario: Scenario, device: str, report: Callable[[str], None]) -> tuple[Arrays, dict[str, Any]]:
    """Train an encoder per modality by ERM; return the weights and their record. `report` is called with messages."""
    networks, accuracies, vocabulary = {}, {}, None
    for part, modality in PARTS.items():
        task = Task(scenario.name, scenario, modality)
        train, val = (
            labeled_data(
                task, name, sample(scenario, name, range(scenario.split_size(name)), **halves_of(task)), "none"
            )
            for name in ("train", "val")
        )
        with TemporaryDirectory() as scratch:
            context = Context(class_names(scenario), modality, scenario.image_size, device, 0, Path(scratch))
            problem = Problem.of(train, val, context)
        networks[part] = erm.fit(problem, RECIPE)
        accuracies[part] = networks[part].checkpoints[-1].score.accuracy
        vocabulary = problem.codec.vocabulary or vocabulary
        report(f"{part} encoder: accuracy {accuracies[part]:.3f} on val of {scenario.name}")
    assert vocabulary is not None
    arrays = to_arrays(networks, vocabulary)
    record = {"sha256": digest(arrays), "scenario_sha256": scenario.digest, "val_accuracy": accuracies}
    return arrays, record


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write arrays to a compressed `.npz`."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # NumPy's stub rejects the mapping
    write_atomically(path, buffer.getvalue())
