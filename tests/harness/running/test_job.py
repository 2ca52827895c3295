import json
import pickle

import numpy as np
import pytest

from spurgen.benchmark.errors import FrozenDataError
from spurgen.benchmark.result import Cell, unpack
from spurgen.generators import aligned_values, class_names, sample, twins
from spurgen.generators.nouns import NOUNS
from spurgen.harness.running.job import CellSpec
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import MAX_CHECKPOINTS

FORMS = {form: k for k, forms in enumerate(NOUNS.values()) for form in forms}
CORE = f"""
import numpy as np
CLASS = {FORMS}
"""
CORE += """
def find(caption):
    return max(((len(form), k) for form, k in CLASS.items() if form in caption))[1]
def predict(batch):
    return 12.0 * np.eye(3)[[find(caption) for caption in batch.captions]]
"""
CHANNEL = """
import numpy as np
TABLE = np.array(%s)  # (values, classes)
WORDS = ("red", "blue", "green")
def predict(batch):
    shown = [next(k for k, word in enumerate(WORDS) if f" {word} " in f" {c} ") for c in batch.captions]
    return 12.0 * TABLE[shown]
"""


def run(suite_file, spec, task="small-text", **more) -> Cell:
    return CellSpec(suite_file, task, spec, 0, **more).run()


def test_a_model_that_reads_the_core_alone_scores_perfectly(suite_file, write_submission):
    cell = run(suite_file, write_submission(CORE))
    assert cell.error is None
    figures = cell.figures
    assert (figures["accuracy"], figures["wga"], figures["cra"]) == (1, 1, 1)
    assert (figures["sss"], figures["flip_rate"], figures["ig"], figures["sss_placebo"]) == (0, 0, 0, 0)
    assert figures["core_sensitivity"] > 0.95
    assert set(cell.patterns.values()) == {1.0}


def test_a_model_that_reads_one_channel_alone_is_found_out(suite_file, suite, write_submission):
    table = aligned_values(suite.scenario("small"), "color").astype(int).tolist()
    cell = run(suite_file, write_submission(CHANNEL % table))
    assert cell.error is None
    assert cell.figures["wga"] == 0
    assert cell.figures["core_sensitivity"] == 0
    assert cell.patterns == {"aa": 1.0, "ca": 0.0, "ac": 1.0, "cc": 0.0}  # the letters follow color, background
    # In closed form a / 2 for a mixture with weight a, here 1. The temperature then gives the shown value's
    # class the share q of val samples that it is right on, and each other class (1 - q) / 2.
    assert cell.channels["color"]["sss_raw"] == pytest.approx(0.5, abs=1e-3)
    val = sample(suite.scenario("small"), "val", range(45), images=False)
    q = np.mean(aligned_values(suite.scenario("small"), "color")[val.channel_values["color"], val.labels])
    assert cell.channels["color"]["sss"] == pytest.approx((q - (1 - q) / 2) / 2, abs=1e-6)
    assert cell.channels["color"]["pull"] == pytest.approx(q - 1 / 3, abs=1e-6)
    assert cell.channels["background"]["sss"] == 0
    # It loses -log q where the value goes with the class, on ctrl always, and -log((1 - q) / 2) elsewhere.
    unc = twins(suite.scenario("small"), "test", range(24), "unc", images=False)
    off = 1 - np.mean(aligned_values(suite.scenario("small"), "color")[unc.channel_values["color"], unc.labels])
    assert cell.figures["ig"] == pytest.approx(off * np.log((1 - q) / (2 * q)), abs=1e-6)


def test_the_kept_samples_give_the_figures_again(suite_file, suite, write_submission):
    code = (
        "import numpy as np\ndef predict(batch): return np.array([[len(c), c.count('e'), 9.] for c in batch.captions])"
    )
    cell = run(suite_file, write_submission(code))
    kept = {name: unpack(packed) for name, packed in cell.samples.items()}
    assert kept["correct"].mean() == pytest.approx(cell.figures["accuracy"])
    assert kept["ig"].mean() == pytest.approx(cell.figures["ig"], abs=1e-3)
    assert kept["sss/color"].mean() == pytest.approx(cell.channels["color"]["sss"], abs=1e-3)
    groups = sample(suite.scenario("small"), "test", range(60)).group_ids
    assert np.bincount(groups, kept["correct"]).tolist() == list(cell.groups)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_scaling_the_logits_buys_nothing(suite_file, write_submission, scale):
    code = (
        "import numpy as np\ndef predict(b): return {} * np.array([[len(c) % 7, c.count('e'), 3.] for c in b.captions])"
    )
    plain = run(suite_file, write_submission(code.format(1), "plain")).figures
    scaled = run(suite_file, write_submission(code.format(scale), "scaled")).figures
    for name in ("sss", "ig", "core_sensitivity", "wga"):
        assert scaled[name] == pytest.approx(plain[name], rel=1e-6)
    assert scaled["sss_raw"] != pytest.approx(plain["sss_raw"], rel=1e-2)


def test_an_encoder_gets_a_probe_and_its_features_are_described(suite_file, write_submission):
    code = "def encode(batch): return batch.images.reshape(len(batch), -1)[:, ::7] / 255.0"
    cell = run(suite_file, write_submission(code), "small-image")
    assert cell.error is None
    assert {"probe_train", "probe_train_wga", "probe_balanced"} <= set(cell.figures)
    assert cell.channels["color"]["decoded"] > 0.8


def test_a_multimodal_cell_tells_the_halves_apart(suite_file, suite, write_submission):
    table = aligned_values(suite.scenario("small"), "color").astype(int).tolist()
    cell = run(suite_file, write_submission(CHANNEL % table), "small-both")
    assert cell.channels["color"]["sss_image"] == 0
    assert cell.channels["color"]["sss_caption"] == pytest.approx(cell.channels["color"]["sss"])


def test_test_inputs_arrive_without_labels_or_values(suite_file, write_submission):
    code = """
import numpy as np
def predict(batch):
    assert sorted(vars(batch)) == ["captions", "images"], vars(batch)
    return np.ones((len(batch), 3))
"""
    assert run(suite_file, write_submission(code)).error is None


def test_a_failure_is_a_record_with_submission_task_and_reason(suite_file, write_submission):
    spec = write_submission("def predict(batch):\n    raise ValueError('no')")
    cell = run(suite_file, spec)
    assert cell.error.startswith(f"submission {spec}, task small-text: predict failed: ValueError: no")
    assert cell.figures == {}
    assert Cell.model_validate_json(cell.model_dump_json()) == cell


def test_a_submission_for_another_modality_is_told_so(suite_file, write_submission):
    cell = run(suite_file, write_submission("MODALITIES = {'image'}\ndef predict(batch): ..."))
    assert "takes image, but task small-text is text" in cell.error


def test_data_that_are_not_frozen_are_never_scored(suite_file, suite, write_submission):
    data = json.loads(suite.manifest_file.read_text())
    data["scenarios"]["small"]["parts"]["test"]["shards"][0]["captions"] = "0" * 64
    suite.manifest_file.write_text(json.dumps(data))
    with pytest.raises(FrozenDataError, match="test: shard 0 differs in captions"):
        run(suite_file, write_submission("import numpy as np\ndef predict(b): return np.ones((len(b), 3))"))


EDITED = "its source was edited after this job was planned"


def test_a_source_that_was_edited_before_the_run_fails_the_cell(suite_file, write_submission):
    planned = CellSpec(suite_file, "small-text", write_submission(CORE), 0)
    identity = planned.identity
    write_submission(CORE + "x = 1")
    cell = pickle.loads(pickle.dumps(planned)).run()
    assert EDITED in cell.error
    assert (cell.identity, cell.figures) == (identity, {})


def test_a_source_that_is_edited_during_the_run_fails_the_cell(suite_file, write_submission):
    code = CORE + "from pathlib import Path\nPath(__file__).write_text(Path(__file__).read_text() + '\\nx = 1')\n"
    cell = run(suite_file, write_submission(code), limits=Limits(isolation="process"))
    assert EDITED in cell.error
    assert cell.figures == {}


ECHO = """
import numpy as np
ACCESS = "train_groups"
def fit(train, val, context):
    global told
    told = {FIGURE}
def predict(batch): return np.tile([0.0, 1.0, 2.0], (len(batch), 1))
def report(): return {"curves": [{"told": told}]}
"""


def echo(suite_file, write_submission, figure, seed=0, **more):
    """Runs a submission that reports one figure of what it is given; returns the figure and the cell."""
    spec = write_submission(ECHO.replace("{FIGURE}", figure))
    cell = CellSpec(suite_file, "small-text", spec, seed, **more).run()
    assert cell.error is None, cell.error
    return cell.report.curves[0]["told"], cell


def test_the_reference_is_given_an_uncorrelated_world(suite_file, write_submission):
    """Aligned by chance alone: 30 of 90 samples, 60 or more in the task itself."""
    figure = "float((train.group_ids // 2 % 2 == 0).mean() + (train.group_ids % 2 == 0).mean()) / 2"
    (own, plain), (drawn, reference) = (
        echo(suite_file, write_submission, figure, uncorrelated=flag) for flag in (False, True)
    )
    assert own > 0.5 > 0.45 > drawn
    assert (plain.uncorrelated, reference.uncorrelated) == (False, True)
    assert plain.identity != reference.identity


def test_a_submission_is_given_its_seed_and_the_classes_names(suite_file, suite, write_submission):
    assert [echo(suite_file, write_submission, "context.seed", seed)[0] for seed in (0, 7)] == [0, 7]
    named, _ = echo(suite_file, write_submission, "' '.join(context.class_names)")
    assert named == " ".join(class_names(suite.scenario("small")))
    assert named == "heart arrow moon"


@pytest.mark.parametrize("part", ["train", "val", "test", "twins/core", "twins/channel/color"])
def test_every_part_is_checked_against_the_manifest(suite_file, suite, write_submission, part):
    data = json.loads(suite.manifest_file.read_text())
    data["scenarios"]["small"]["parts"][part]["shards"][-1]["captions"] = "0" * 64
    suite.manifest_file.write_text(json.dumps(data))
    with pytest.raises(FrozenDataError, match=f"{part}: shard . differs in captions"):
        run(suite_file, write_submission(CORE))


CHOOSING = (
    CORE
    + """
place = 0
def fit(train, val, context): ...
def checkpoints(): return {KEPT}
def restore(k):
    global place
    place = k
right = predict
def predict(batch):
    return (-right(batch), right(batch), np.tile([1.0, 0.0, 0.0], (len(batch), 1)))[min(place, 2)]
"""
)


@pytest.mark.parametrize(("kept", "last"), [(3, 2), (MAX_CHECKPOINTS, MAX_CHECKPOINTS - 1)])
def test_selection_rules_are_compared_over_the_checkpoints(kept, last, suite_file, write_submission):
    """The first is always wrong, as the model is when scored; the second always right; all others answer class 0."""
    cell = run(suite_file, write_submission(CHOOSING.replace("{KEPT}", str(kept))))
    assert cell.error is None
    assert cell.figures["accuracy"] == 0
    perfect = {"accuracy": 1, "wga": 1, "checkpoint": 1}
    ending = {"accuracy": pytest.approx(1 / 3), "wga": 0, "checkpoint": last}
    assert cell.selections == {"last": ending, "val_accuracy": perfect, "val_wga": perfect}


@pytest.mark.parametrize("kept", [0, 1])
def test_fewer_than_two_checkpoints_leave_nothing_to_compare(kept, suite_file, write_submission):
    assert run(suite_file, write_submission(CHOOSING.replace("{KEPT}", str(kept)))).selections == {}
