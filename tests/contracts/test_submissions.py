"""Every example in submissions/ runs sandboxed and is better than chance."""

import sys
from pathlib import Path

import pytest

from spurgen.benchmark.manifest import dump_manifest
from spurgen.benchmark.suite import load_suite
from spurgen.harness.running.plan import plan
from spurgen.harness.running.run import run
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.splits.freeze import freeze
from spurgen.harness.statistics.chance import better_than_chance
from spurgen.harness.worker.loading import load_submission

EXAMPLES = sorted(path for path in Path(__file__).parents[2].glob("submissions/*.py") if path.stem != "__init__")
SCENARIO = """
suite = "easy"
name = "easy"
seed = 3
num_classes = 3
channels = { color = { values = 3, strength = 0.6 } }
splits = { train = 600, val = 60, test_per_group = 20, twins = 6 }
"""


@pytest.fixture(scope="module")
def easy(tmp_path_factory):
    """Path of a frozen suite with one easy scenario in each modality."""
    folder = tmp_path_factory.mktemp("easy")
    (folder / "easy").mkdir()
    (folder / "easy" / "easy.toml").write_text(SCENARIO)
    tasks = (f'{m} = {{ scenario = "easy", modality = "{m}" }}' for m in ("image", "text", "multimodal"))
    (folder / "easy.toml").write_text("\n".join(["[tasks]", *tasks]))
    suite = load_suite(str(folder / "easy.toml"))
    suite.manifest_file.write_text(dump_manifest(freeze(suite, jobs=1)))
    return str(folder / "easy.toml")


def test_examples_are_discovered():
    assert len(EXAMPLES) >= 7


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_better_than_chance_in_each_of_its_modalities(path, easy, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])  # loading adds to it
    modalities = sorted(load_submission(f"spurgen.submissions.{path.stem}").modalities)
    for modality in modalities:
        again = 2.0 if modality == modalities[0] else 0.0  # one training is repeated, unless it takes long
        limits = Limits(retrain_seconds=again)
        result = run(plan(easy, [modality], [str(path)], [0], limits=limits)[0]).result
        assert result.error is None, result.error
        assert better_than_chance(sum(result.groups), 120, 3), result.metrics["accuracy"]
