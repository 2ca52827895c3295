"""A model measured in Python: the numbers are those of a board, of answers that are known in advance."""

from base64 import b64decode
from io import BytesIO

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

import spurgen
from spurgen.benchmark import Scenario
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.suite import load_suite
from spurgen.generators import aligned_values
from spurgen.generators.channels.color import VALUES
from spurgen.harness.board.leaderboard import part_of
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.running.plan import baseline_specs, plan
from spurgen.harness.running.run import run

WORLD = Scenario(
    suite="mine", name="plates", seed=4, num_classes=4, image_size=32, channels={"color": {"values": 4}},
    splits={"train": 200, "val": 100, "test_per_group": 10, "twins": 40},
)  # fmt: skip


GOES_WITH = aligned_values(WORLD, "color")  # bool (V, K)


def follow_color(batch):
    """Answer with the class that goes with the colour in the caption."""
    colors = [next(k for k, name in enumerate(VALUES) if name in caption.split()) for caption in batch.captions]
    return 100.0 * GOES_WITH[colors]


@pytest.fixture
def ladder_of(steps):
    return load_suite(steps).task("few-6").scenario


def constant(*_):
    return lambda batch: np.tile([1.0, 0.0, 0.0], (len(batch), 1))


def test_a_reader_of_one_shortcut_follows_it_and_is_told_so():
    found = spurgen.measure(follow_color, WORLD, modality="text")
    line = found.lines["plates"]
    assert (line["follows"], line["accuracy_agree"], line["accuracy_mislead"], line["uses_thing"]) == (1, 1, 0, 0)
    assert found.ideal["plates"]["follows"] == 0
    assert "| Follows            | 1.000" in repr(found)


def test_intervals_of_one_world_are_over_its_samples():
    line = spurgen.measure(follow_color, WORLD, modality="text").lines["plates"]
    assert line["accuracy_agree_low"] == pytest.approx(0.025 ** (1 / 40))  # Clopper & Pearson: 40 of 40
    assert line["accuracy_mislead_high"] == pytest.approx(1 - 0.025 ** (1 / 40))
    assert line["ig_low"] < line["ig"] < line["ig_high"]


def test_the_sensitivity_to_all_shortcuts_has_the_interval_of_their_mean():
    two = WORLD.model_copy(update={"channels": WORLD.channels | {"background": WORLD.channels["color"]}})
    found = spurgen.measure(follow_color, two, modality="text")
    line, row = found.lines["plates"], found.rows["plates"]
    each = np.mean([row.sample_mean(f"sss/{name}") for name in ("color", "background")], axis=0)
    reach = 1.96 * each.std(ddof=1) / len(each) ** 0.5
    assert (line["sss_low"], line["sss_high"]) == pytest.approx((line["sss"] - reach, line["sss"] + reach))


@pytest.mark.usefixtures("words")
def test_a_baseline_has_the_numbers_of_the_board(steps):
    found = spurgen.ladder("erm", load_suite(steps).task("few-6"), seeds=(0, 1))
    jobs = plan(steps, ["few-6"], baseline_specs(["erm"]), [0, 1])
    row = make_task_row([tuple(run(job)) for job in jobs])
    (line,) = part_of(load_suite(steps).task("few-6"), {"erm": row}, {}).board.lines
    shown = found.lines["few-6"]
    assert [*found.lines] == ["few-0", "few-6"]
    assert {key: shown[key] for key in line if key != "seconds"} == {key: line[key] for key in line if key != "seconds"}


def test_a_constant_learner_climbs_no_rung(ladder_of):
    found = spurgen.ladder(constant, replace_rungs(ladder_of, (0, 6, 12)), modality="text", seeds=(0, 1))
    assert "alone" not in repr(found)
    assert [line["robust_accuracy"] for line in found.lines.values()] == [pytest.approx(1 / 3)] * 3
    assert found.whole["robust_accuracy"] == pytest.approx(1 / 3)
    assert found.whole["counterexamples_text"].startswith(">12")
    frame = found.to_pandas()
    assert list(frame["task"]) == ["few-0", "few-6", "few-12", "few"]
    assert found.plot().axes[0].get_ylabel()


def test_a_world_can_be_the_file_that_describes_it(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'suite = "mine"\nname = "mine"\nseed = 3\ncategories = ["animal", "vehicle", "food"]\nrungs = [0, 4]\n'
        "train = 24\nval = 40\ntest_per_class = 4\nseen_per_class = 2\ntwins_per_class = 2\ncalibration_per_class = 2\n"
        '[shortcuts]\nhue = "caption"\n'
    )
    assert [*spurgen.ladder(constant, str(path), modality="text").lines] == ["mine-0", "mine-4"]
    assert [*spurgen.measure(lambda batch: np.zeros((len(batch), 3)), str(path), modality="text").lines] == ["mine-4"]
    with pytest.raises(SpurgenError, match=r"none\.toml"):
        spurgen.ladder(constant, str(tmp_path / "none.toml"))


def replace_rungs(ladder, rungs):
    return ladder.model_copy(update={"rungs": rungs, "ceiling": 0.9})


def test_what_a_learner_is_given_goes_by_its_access_tier(ladder_of):
    given = []

    def fit(train, val, context):
        given.append((train.group_ids is None, val.group_ids is None, len(train.labels), context.num_classes))
        return constant()

    found = spurgen.ladder(fit, ladder_of, modality="text", access="val_groups")
    assert given == [(True, False, 90, 3)] * 2
    assert repr(found).endswith("\n\nWorld 0 alone, of 2: intervals are over its test samples.")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (lambda batch: np.ones((len(batch), 2)), r"predict returned shape \(\d+, 2\) on test, expected \(\d+, 4\)"),
        (lambda batch: np.full((len(batch), 4), np.nan), "predict returned nan on test, in row 0, column 0"),
        (lambda batch: ["cat"] * len(batch), "predict returned no array of numbers"),
    ],
)
def test_answers_of_another_shape_are_refused(answer, text):
    with pytest.raises(SubmissionError, match=text):
        spurgen.measure(answer, WORLD, modality="text")


def test_an_error_of_ones_own_function_is_raised_as_it_is():
    with pytest.raises(ZeroDivisionError):
        spurgen.measure(lambda batch: 1 / (len(batch) - len(batch)), WORLD, modality="text")


@pytest.mark.parametrize(
    ("fit", "arguments", "text"),
    [
        ("erm", {"access": "envs", "name": "mine"}, "leave out access and name: a baseline has its own"),
        (lambda *_: None, {"encoder": "pixels"}, "leave out encoder: only a baseline, .* takes options and an encoder"),
    ],
)
def test_arguments_without_an_effect_are_refused(fit, arguments, text):
    with pytest.raises(SpurgenError, match=text):
        spurgen.ladder(fit, "things-text", **arguments)


@pytest.mark.parametrize("call", [spurgen.ladder, spurgen.measure])
def test_a_task_has_its_own_modality(call, steps):
    for task in ("things-text-4", load_suite(steps).task("few-6")):
        with pytest.raises(SpurgenError, match="leave out modality: a task has its own"):
            call(constant, task, modality="text")


def test_unknown_names_are_refused_with_what_there_is():
    with pytest.raises(SpurgenError, match=r"no task 'things-text-9'; .*things-text-4"):
        spurgen.measure(follow_color, "things-text-9")
    with pytest.raises(SpurgenError, match="things-text"):
        spurgen.ladder(constant, "things-txt")
    with pytest.raises(SpurgenError, match="erm"):
        spurgen.ladder("emr", "things-text")
    with pytest.raises(AttributeError, match="no attribute 'mesure'"):
        spurgen.mesure  # noqa: B018


NOTEBOOK = """
{before}
import spurgen
from spurgen.benchmark import Scenario
world = Scenario(
    suite="mine", name="plates", seed=4, num_classes=4, image_size=32, channels={{"color": {{"values": 4}}}},
    splits={{"train": 20, "val": 20, "test_per_group": 5, "twins": 20}},
)
found = spurgen.measure(lambda batch: [[1.0, 0, 0, 0]] * len(batch), world, modality="text", name="<b>mine")
# %%
found
# %%
found.plot()
"""


@pytest.mark.parametrize("before", ["", "import matplotlib.pyplot"])
def test_a_notebook_shows_a_table_and_the_picture_once(before, tmp_path):
    cells = NOTEBOOK.format(before=before).split("# %%\n")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    setup, (table,), (picture,) = (cell.outputs for cell in notebook.cells)
    assert setup == []
    html = table["data"]["text/html"]
    assert "<table>" in html
    assert "&lt;b&gt;mine" in html
    assert Image.open(BytesIO(b64decode(picture["data"]["image/png"]))).width > 600
