import base64
import zlib

import numpy as np
import pytest

from spurgen.benchmark.result import PackedArray, pack
from spurgen.harness.board.bootstrap import Plan
from spurgen.harness.results.consistency import contradiction

BASES = 24
RANDOM = np.random.default_rng(0)
KEPT = {"core": RANDOM.random(BASES), "placebo": RANDOM.random(BASES) / 100, "ig": RANDOM.normal(size=BASES) - 0.5}


@pytest.fixture
def judge(suite):
    task = suite.task("small-text")
    groups = Plan.of(task).groups
    return lambda cell: contradiction(task, groups, cell)


@pytest.mark.parametrize("scale", [1e-6, 1, 1e5])
def test_figures_of_what_was_packed_follow_from_it(suite, make_cell, judge, scale):
    kept = KEPT | {"ig": scale * KEPT["ig"], "sss/color": RANDOM.random(BASES)}
    cell = make_cell(suite, 0.8, kept=kept)
    assert cell.samples["ig"].dtype == ("float32" if scale > 1 else "float16")
    assert judge(cell) is None


@pytest.mark.parametrize(
    ("figure", "told"),
    [("wga", 0.99), ("accuracy", 0.99), ("sss", 0.21), ("sss_placebo", 0.2), ("ig", -0.4), ("core_sensitivity", 0.9),
     ("cra", 0.41), ("flip_rate", 0.19)],
)  # fmt: skip
def test_an_edited_figure_is_found(suite, make_cell, judge, figure, told):
    cell = make_cell(suite, 0.8)
    found = cell.figures[figure]
    cell.figures[figure] = told
    reason = judge(cell)
    assert reason.startswith(f"its figures do not follow from its samples: {figure} {told}, found ")
    assert float(reason.rpartition(" ")[2]) == pytest.approx(found, abs=1e-3)


def test_rounding_excuses_only_rounding(suite, make_cell, judge):
    cell = make_cell(suite, 0.8, kept={"core": np.full(BASES, 0.7)})
    for error, excused in ((1e-4, True), (-1e-4, True), (2e-3, False), (-2e-3, False)):
        cell.figures["core_sensitivity"] = 0.7 + error
        assert (judge(cell) is None) is excused, error
    cell.figures["core_sensitivity"] = 0.7
    cell.figures["wga"] += 1e-5
    assert "wga" in judge(cell)


def test_flags_are_kept_exactly_and_excuse_nothing(suite, make_cell, judge):
    cell = make_cell(suite, 0.8, kept={"cra": np.arange(BASES) % 2 == 0})
    assert judge(cell) is None
    cell.figures["cra"] += 1e-5
    assert judge(cell) == "its figures do not follow from its samples: cra 0.50001, found 0.5"


def test_a_channels_figure_and_the_groups_are_held_to_the_samples(suite, make_cell, judge):
    cell = make_cell(suite, 0.8)
    cell.channels["color"]["sss"] = 0.1
    assert judge(cell).endswith("sss of color 0.1, found 0.300049")
    cell = make_cell(suite, 0.8)
    moved = tuple(sorted(cell.groups))
    assert moved != cell.groups
    assert judge(cell.model_copy(update={"groups": moved})) == "its counts per group do not follow from its samples"


def test_a_missing_figure_is_named(suite, make_cell, judge):
    cell = make_cell(suite, 0.8)
    del cell.figures["wga"]
    assert judge(cell) == "it lacks the figure wga"


INFINITE = base64.b64encode(zlib.compress(np.full(BASES, np.inf, "<f2").tobytes())).decode()


@pytest.mark.parametrize(
    ("name", "packed", "message"),
    [
        ("ig", None, "ig: found none, expected 24; score the cell again"),
        ("sss/color", pack(np.zeros(23)), "sss/color: found 23 of float16, expected 24; score the cell again"),
        ("correct", pack(np.ones(60)), "correct: found 60 of float16, expected 60; score the cell again"),
        ("ig", PackedArray(dtype="float16", size=BASES, data=INFINITE), "a packed array holds inf; score the cell"),
        ("ig", PackedArray(dtype="float16", size=BASES, data="?"), "a packed array cannot be read: "),
    ],
)
def test_samples_that_cannot_be_used_are_a_reason(suite, make_cell, judge, name, packed, message):
    cell = make_cell(suite, 0.8)
    samples = {key: kept for key, kept in cell.samples.items() if key != name} | ({name: packed} if packed else {})
    reason = judge(cell.model_copy(update={"samples": samples}))
    assert reason.startswith(f"its samples cannot be used: {message}")
