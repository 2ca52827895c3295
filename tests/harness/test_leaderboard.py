import json

import numpy as np
import pytest

from spurgen.benchmark.record import Cell, pack
from spurgen.harness.leaderboard import build
from spurgen.harness.rendering import to_csv, to_json, to_markdown

SIZE, BASES, CLASSES = 60, 24, 3


def make_cell(suite, quality, seed=0, task="small-text", **changes):
    """A cell whose test answers are right with probability `quality`."""
    random = np.random.default_rng([seed, int(quality * 100)])
    correct = random.random(SIZE) < quality
    groups = np.arange(SIZE) % 3 * 4 + np.arange(SIZE) // 3 % 4
    counts = np.bincount(groups, correct, 12).astype(int)
    means = {"placebo": 0.1, "ig": -0.5, "core": 0.7, "cra": 0.4, "flip": 0.2, "sss/color": 0.3, "sss/background": 0.1}
    channels = {name: {"sss": 0.2, "flip_rate": 0.2, "pull": 0.1} for name in ("color", "background")}
    fields = {
        "suite": "tiny", "task": task, "submission": f"m{quality}", "spec": "m.py", "options": {}, "access": "none",
        "seed": seed, "identity": "0", "data_sha256": suite.manifest.scenarios["small"].digest, "isolation": "process",
        "figures": {"accuracy": float(correct.mean()), "wga": float((counts / 5).min()), "sss": 0.2, "sss_placebo": 0.1,
                    "ig": -0.5, "core_sensitivity": 0.7, "cra": 0.4, "flip_rate": 0.2},
        "channels": channels, "patterns": {"aa": 0.9}, "groups": tuple(counts.tolist()),
        "samples": {"correct": pack(correct), **{k: pack(np.full(BASES, v)) for k, v in means.items()}},
        "provenance": {"seconds": {"fit": 1.0}},
    }  # fmt: skip
    return Cell(**(fields | changes))


def board(suite, cells):
    return build(suite, {label: {"small-text": some} for label, some in cells.items()})


def test_rows_are_ranked_and_the_unfit_listed_below_with_their_reason(suite):
    error = {"error": "submission m.py, task small-text: boom", "figures": {}, "samples": {}, "groups": ()}
    cells = {
        "good": [make_cell(suite, 1.0, seed) for seed in range(3)],
        "middling": [make_cell(suite, 0.6, seed) for seed in range(3)],
        "guessing": [make_cell(suite, 0.2, seed) for seed in range(3)],
        "failed": [make_cell(suite, 1.0), make_cell(suite, 1.0, 1, **error)],
        "gappy": [make_cell(suite, 1.0, 0), make_cell(suite, 1.0, 2)],
        "stale": [make_cell(suite, 1.0, data_sha256="0" * 64)],
    }
    part = board(suite, cells)["tasks"]["small-text"]
    assert [(row["rank"], row["tied"], row["submission"]) for row in part["rows"]] == [
        (1, False, "good"),
        (2, False, "middling"),
    ]
    reasons = {row["submission"]: row["reason"] for row in part["unranked"]}
    assert reasons["guessing"] == "not significantly better than chance in test accuracy"
    assert reasons["failed"] == "failed with seed 1: submission m.py, task small-text: boom"
    assert reasons["gappy"] == "incomplete: has the seeds 0, 2 instead of 0 to 1"
    assert reasons["stale"] == "scored on other data than this suite's; run it again"


def test_equal_rows_are_tied_and_ordered_by_sss(suite):
    quiet = make_cell(suite, 0.9).figures | {"sss": 0.1}
    cells = {"a": [make_cell(suite, 0.9)], "b": [make_cell(suite, 0.9, figures=quiet)]}
    rows = board(suite, cells)["tasks"]["small-text"]["rows"]
    assert [(row["rank"], row["tied"], row["submission"]) for row in rows] == [(1, True, "b"), (1, True, "a")]


def test_the_order_of_rows_changes_nothing(suite):
    cells = {f"m{k}": [make_cell(suite, k / 10, s) for s in range(2)] for k in range(5, 10)}
    assert board(suite, cells) == board(suite, dict(reversed(cells.items())))


def test_a_row_has_every_promised_figure_with_intervals_around_it(suite):
    (row,) = board(suite, {"a": [make_cell(suite, 0.8, s) for s in range(3)]})["tasks"]["small-text"]["rows"]
    promised = {
        "rank", "tied", "submission", "access", "accuracy", "wga", "wga_ci", "sss", "sss_by_channel", "sss_placebo",
        "ig",         "core_sensitivity", "cra", "flip_rate", "seeds",
    }  # fmt: skip
    assert promised <= set(row)
    assert row["seeds"] == 3
    assert row["wga_ci"][0] <= row["wga"] <= row["wga_ci"][1]
    assert row["accuracy_ci"][0] < row["accuracy"] < row["accuracy_ci"][1]
    assert row["sss_by_channel"] == {"color": pytest.approx(0.2), "background": pytest.approx(0.2)}
    assert row["ignores_core"] is False


def test_a_row_that_ignores_the_core_is_marked(suite):
    blind = make_cell(suite, 0.8).figures | {"core_sensitivity": 0.05}
    result = board(suite, {"a": [make_cell(suite, 0.8, figures=blind)]})
    assert result["tasks"]["small-text"]["rows"][0]["ignores_core"] is True
    assert "ignores the core cue" in to_markdown(result)


def test_over_all_tasks_a_row_that_lacks_one_is_not_ranked(suite):
    whole = {task: [make_cell(suite, 0.9, task=task)] for task in ("small-text", "small-image")}
    overall = build(suite, {"whole": whole, "half": {"small-text": [make_cell(suite, 1.0)]}})["overall"]
    assert [row["submission"] for row in overall["rows"]] == ["whole"]
    assert overall["unranked"] == [{"submission": "half", "reason": "not ranked in small-image"}]


def test_an_empty_board_is_a_board(suite):
    assert build(suite, {})["tasks"] == {}


def test_names_are_text_in_every_format(suite):
    result = board(suite, {"=<b>|x|`[": [make_cell(suite, 0.9)]})
    markdown = to_markdown(result)
    assert "=&lt;b&gt;\\|x\\|'\\[" in markdown
    assert "'=<b>|x|`[" in to_csv(result)
    assert json.loads(to_json(result)) == json.loads(json.dumps(result))


def test_nan_is_never_written(suite):
    result = board(suite, {"a": [make_cell(suite, 0.9)]})
    result["tasks"]["small-text"]["rows"][0]["wga"] = float("nan")
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(result)
