"""Every example in submissions/ is better than chance on a ladder; all but `zero_shot` run in the sandbox."""

from pathlib import Path

import pytest

from spurgen.harness.running.plan import plan
from spurgen.harness.running.run import run
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.rechecks import RecheckedWorker
from spurgen.harness.statistics.samples import better_than_chance
from spurgen.harness.worker.loading import load_submission
from tests.fixtures.small_suites import freeze_into

EXAMPLES = sorted(path for path in Path(__file__).parents[2].glob("submissions/*.py") if path.stem != "__init__")
LADDER = """
suite = "easy"
name = "easy"
seed = 3
categories = ["animal", "vehicle", "food"]
rungs = [24]
image_size = 64
train = 160
val = 60
calibration_per_class = 4
test_per_class = 16
seen_per_class = 4
twins_per_class = 2
shortcuts = { hue = "both", wall = "both" }
"""


@pytest.fixture(scope="module")
def easy(made_once):
    """Path of a frozen suite with a ladder of one rung in each modality."""
    ladders = "\n".join(f'{m} = {{ scenario = "easy", modality = "{m}" }}' for m in ("image", "text", "multimodal"))
    made = made_once("easy", lambda folder: freeze_into(folder, "easy", "easy", LADDER, f"[ladders]\n{ladders}\n"))
    return str(made / "easy.toml")


def test_examples_are_discovered():
    assert len(EXAMPLES) >= 7


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.minilm] * ("sentence_transformers" in path.read_text()))
        for path in EXAMPLES
    ],
)
def test_an_example_is_better_than_chance_in_each_of_its_modalities(path, easy, monkeypatch, request):
    if request.node.get_closest_marker("minilm"):  # its libraries take many seconds to import in each process
        monkeypatch.setattr(RecheckedWorker, "finish", lambda worker, *_: worker.close())
        monkeypatch.setattr("spurgen.harness.running.run.runs_here", lambda _: path.stem == "zero_shot")
    modalities = sorted(load_submission(f"spurgen.submissions.{path.stem}").modalities)
    for modality in modalities:
        limits = Limits(retrain_seconds=2.0 * (modality == modalities[0]))  # one is repeated, unless it takes long
        result = run(plan(easy, [f"{modality}-24"], [str(path)], [0], limits=limits)[0]).result
        assert result.error is None, result.error
        assert better_than_chance(sum(result.groups), 96, 3), result.metrics
