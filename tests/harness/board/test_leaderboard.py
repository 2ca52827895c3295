from dataclasses import replace

import numpy as np
import pytest

from spurgen.harness.board import leaderboard
from spurgen.harness.board.against_erm import against_erm
from spurgen.harness.board.bootstrap import Plan, pooled_spreads
from spurgen.harness.board.leaderboard import build, make_row
from spurgen.harness.metrics import basic_interval, bias_corrected, percentile_interval, simultaneous_interval
from spurgen.harness.results.consistency import unpack_samples
from spurgen.harness.statistics.bootstrap import GroupWeights, SampleWeights, group_bootstrap_weights
from spurgen.harness.statistics.seed_spread import add_noise, mean_deviation

BASES = 24
RISING = np.linspace(0, 1, BASES)


def board(suite, cells):
    return build(suite, {label: {"small-text": some} for label, some in cells.items()})["tasks"]["small-text"]


def names(rows):
    return [row["submission"] for row in rows]


def test_rows_are_ranked_and_the_unfit_listed_below_with_their_reason(suite, make_cell):
    cells = {
        "good": [make_cell(suite, 1.0, seed) for seed in range(3)],
        "middling": [make_cell(suite, 0.6, seed) for seed in range(3)],
        "guessing": [make_cell(suite, 0.2, seed) for seed in range(3)],
        "false": [make_cell(suite, 1.0, uncorrelated=True)],
    }
    part = board(suite, cells)
    assert [(row["rank"], row["tied"], row["submission"]) for row in part["rows"]] == [
        (1, False, "good"),
        (2, False, "middling"),
    ]
    guessing = np.mean([cell.figures["accuracy"] for cell in cells["guessing"]])
    assert part["unranked"] == [
        {"submission": "false", "access": "none", "seeds": 1,
         "reason": "a reference, trained without the correlations"},
        {"submission": "guessing", "access": "none", "seeds": 3, "accuracy": guessing, "wga": 0.0,
         "reason": "not significantly better than chance in test accuracy"},
    ]  # fmt: skip


def test_equal_rows_are_tied_and_ordered_by_sss_then_by_the_size_of_ig(suite, make_cell):
    ig = {"a": -0.5, "b": 0.3, "c": 0.1, "d": -0.2}
    kept = {label: {"ig": np.full(BASES, gap)} for label, gap in ig.items()}
    kept["e"] = {"sss/color": np.full(BASES, 0.1), "ig": np.full(BASES, 0.9)}
    rows = board(suite, {label: [make_cell(suite, 0.9, kept=some)] for label, some in kept.items()})["rows"]
    assert {(row["rank"], row["tied"]) for row in rows} == {(1, True)}
    assert names(rows) == ["e", "c", "d", "b", "a"]


def test_the_order_of_rows_changes_nothing(suite, make_cell):
    cells = {f"m{k}": [make_cell(suite, k / 10, s) for s in range(1 + k % 2)] for k in range(5, 10)}
    assert board(suite, cells) == board(suite, dict(reversed(cells.items())))


def test_rows_share_the_draws_of_samples_but_not_the_noise_of_seeds(suite, make_cell, monkeypatch):
    drawn = {}
    monkeypatch.setattr(leaderboard, "place_rows", lambda rows, replicates: drawn.update(replicates) or list(rows))
    answers = np.arange(60) % 5 > 0  # with every seed
    board(suite, {label: [make_cell(suite, answers, seed) for seed in range(3)] for label in ("a", "b")})
    assert np.array_equal(drawn["a"], drawn["b"])
    assert drawn["a"].std(axis=1).min() > 0
    board(suite, {label: [make_cell(suite, 0.8, seed) for seed in range(3)] for label in ("a", "b")})
    for a, b in zip(drawn["a"], drawn["b"], strict=True):
        assert np.corrcoef(a, b)[0, 1] < 0.9


def test_seeds_that_are_bad_on_purpose_save_a_row_from_no_defeat(suite, make_cell, monkeypatch):
    drawn = {}
    monkeypatch.setattr(leaderboard, "place_rows", lambda rows, replicates: drawn.update(replicates) or list(rows))
    ours = {"spec": "spurgen.baselines.a"}
    steady = [[make_cell(suite, 0.8, seed).model_copy(update=ours) for seed in (0, 1)] for _ in range(2)]
    wild = [make_cell(suite, quality, seed) for seed, quality in enumerate((1.0, 0.6))]
    board(suite, {"a": steady[0], "b": steady[1], "wild": wild})
    higher, lower = drawn["wild"]
    plan, spreads = Plan.of(suite.task("small-text")), pooled_spreads(steady, ["wga"])
    assert np.array_equal(lower, plan.replicates("wild", wild, "wga", spreads, own=False))
    assert higher.std() > 1.5 * lower.std()
    assert np.array_equal(*drawn["a"])


def test_bases_are_resampled_within_their_class(suite):
    plan = Plan.of(suite.task("small-text"))
    labels = plan.groups[:BASES] // 4
    sizes = [plan.base_weights[:, labels == label].sum(axis=1) for label in range(3)]
    assert np.allclose(sizes, 8)


@pytest.fixture
def varied(suite, make_cell):
    """A row of three seeds, every figure with a value and a spread of its own."""
    shapes = {"placebo": 0.1, "core": 0.9, "ig": -3, "flip": 0.5, "sss/color": 0.6, "sss/background": 0.2}
    cells = []
    for seed in range(3):
        kept = {name: scale * np.roll(RISING, k) + 0.01 * seed for k, (name, scale) in enumerate(shapes.items())}
        kept["cra"] = np.arange(BASES) % (seed + 2) == 0
        cells.append(make_cell(suite, 0.8, seed, kept=kept))
    return cells


def test_every_figure_has_its_own_interval(suite, varied):
    task = suite.task("small-text")
    plan, spreads = Plan.of(task), pooled_spreads([varied], leaderboard.BOOTSTRAPPED)
    row, replicates = make_row(plan, "a", varied, spreads)
    kept = [unpack_samples(task, cell) for cell in varied]

    def noisy(figure, resampled):
        deviation = mean_deviation(np.array([cell.figures[figure] for cell in varied]), spreads[figure])
        return add_noise(resampled, deviation, "small-text", "a", figure)

    correct = np.stack([some["correct"] for some in kept])
    weights = group_bootstrap_weights(plan.groups, len(plan.base_weights), "small/color+background/test")
    wga = noisy("wga", GroupWeights(plan.groups, weights).wga_and_accuracy(correct)[0])
    assert list(replicates) == list(leaderboard.BOOTSTRAPPED)
    assert np.array_equal(replicates["wga"], wga)
    assert row["wga"] == np.mean([cell.figures["wga"] for cell in varied])
    assert row["wga_ci"] == list(basic_interval(row["wga"], wga)) != list(percentile_interval(wga))
    assert row["wga_corrected"] == bias_corrected(row["wga"], wga) > row["wga"]

    def interval(figure, weights, *parts):
        values = np.stack([np.mean([some[part] for part in parts], axis=0) for some in kept]).astype(float)
        ends = percentile_interval(noisy(figure, SampleWeights(weights).mean(values)))
        return list(ends if figure == "ig" else np.clip(ends, 0, 1))

    assert row["accuracy_ci"] == pytest.approx(interval("accuracy", weights, "correct"))
    parts = {"sss_placebo": "placebo", "core_sensitivity": "core", "ig": "ig", "cra": "cra", "flip_rate": "flip"}
    for figure, part in parts.items():
        assert row[f"{figure}_ci"] == interval(figure, plan.base_weights, part), figure
        assert row[figure] == pytest.approx(np.mean([some[part].mean() for some in kept]), abs=1e-3), figure
    assert row["sss_ci"] == interval("sss", plan.base_weights, "sss/color", "sss/background")


def test_a_row_tells_what_it_rests_on(suite, make_cell):
    trust = [("process", "re-run"), ("bubblewrap", "self-reported"), ("bubblewrap", "re-run")]
    cells = [make_cell(suite, 0.8, s, isolation=i, verification=v) for s, (i, v) in enumerate(trust)]
    (row,) = board(suite, {"a": cells})["rows"]
    assert (row["name"], row["access"], row["seeds"], row["seed_variance"]) == ("m0.8", "none", 3, "own")
    assert (row["isolation"], row["verification"]) == ("process", "self-reported")
    assert row["sss_by_channel"] == {"color": pytest.approx(0.3), "background": pytest.approx(0.1)}
    assert row["patterns"] == {"aa": pytest.approx(np.mean([cell.patterns["aa"] for cell in cells]))}
    assert row["seconds"] == 1
    assert row["against_erm"] is None


def test_what_is_unknown_of_isolation_is_weakest(suite, make_cell):
    cells = [make_cell(suite, 0.8, 0), make_cell(suite, 0.8, 1, isolation="none")]
    assert board(suite, {"a": cells})["rows"][0]["isolation"] == "none"


@pytest.mark.parametrize("provenance", [{}, {"seconds": 3}, {"seconds": {"fit": "long"}}, {"seconds": {"fit": np.nan}}])
def test_what_one_cell_lacks_is_left_out_for_all(suite, make_cell, provenance):
    whole = make_cell(suite, 0.8, 0, selections={"last": {"wga": 0.4, "accuracy": 0.8}})
    whole.figures["probe"] = 0.5
    bare = make_cell(suite, 0.8, 1, patterns={}, provenance=provenance, selections={"last": {"wga": 0.6}})
    bare.channels["color"].pop("pull")
    (row,) = board(suite, {"a": [whole, bare]})["rows"]
    assert (row["patterns"], row["seconds"]) == ({}, None)
    assert "probe" not in row
    assert row["selections"] == {"last": {"wga": 0.5}}
    assert row["pull_by_channel"] == {"background": 0.1}


@pytest.mark.parametrize(("core", "ignores"), [(0.2, True), (0.21, False), (0.5, False), (0.0, True)])
def test_a_row_ignores_the_core_if_it_is_no_more_than_the_placebo(suite, make_cell, core, ignores):
    kept = {"core": np.full(BASES, core), "placebo": np.full(BASES, 0.2)}
    assert board(suite, {"a": [make_cell(suite, 0.6, kept=kept, patterns={})]})["rows"][0]["ignores_core"] is ignores


def test_the_guaranteed_interval_holds_for_all_seeds_at_once(suite, make_cell):
    cells = [make_cell(suite, 0.8, seed) for seed in range(3)]
    sizes = np.full(12, 5)
    ends = [simultaneous_interval(np.array(cell.groups), sizes, 1 - 0.05 / 3) for cell in cells]
    found = board(suite, {"a": cells})["rows"][0]["wga_simultaneous"]
    assert found == pytest.approx(np.mean(ends, axis=0).tolist())


def test_rows_are_compared_with_erm(suite, make_cell):
    cells = {
        label: [make_cell(suite, q, s) for s in range(2)] for label, q in {"erm": 0.6, "a": 0.9, "b": 0.65}.items()
    }
    cells["out"] = [make_cell(suite, 0.1)]
    rows = {row["submission"]: row for row in board(suite, cells)["rows"]}
    plan = Plan.of(suite.task("small-text"))
    ranked = {label: some for label, some in cells.items() if label != "out"}
    spreads = pooled_spreads(ranked.values(), ["wga"])
    expected = against_erm(ranked, lambda label, seeds: plan.replicates(label, ranked[label][:seeds], "wga", spreads))
    assert rows["erm"]["against_erm"] is None
    assert {label: rows[label]["against_erm"] for label in ("a", "b")} == expected
    assert rows["a"]["against_erm"]["difference"] == pytest.approx(rows["a"]["wga"] - rows["erm"]["wga"])


def test_a_single_seed_is_given_the_spread_of_the_other_rows(suite, make_cell):
    alone = [make_cell(suite, 0.9)]
    several = [make_cell(suite, quality, seed) for seed, quality in enumerate((0.5, 0.7, 0.9))]
    unknown = board(suite, {"a": alone})["rows"][0]
    rows = {row["submission"]: row for row in board(suite, {"a": alone, "b": several})["rows"]}
    assert (unknown["seed_variance"], rows["a"]["seed_variance"], rows["b"]["seed_variance"]) == (
        "unknown",
        "pooled",
        "own",
    )
    for figure in ("wga", "accuracy"):
        assert np.ptp(rows["a"][f"{figure}_ci"]) > 1.2 * np.ptp(unknown[f"{figure}_ci"]), figure
    assert rows["a"]["sss_ci"] == pytest.approx(unknown["sss_ci"])  # which does not differ between those seeds


def test_single_seeds_are_told_apart_less_easily_where_seeds_differ(suite, make_cell):
    pair = {"low": [make_cell(suite, 0.75)], "high": [make_cell(suite, 1.0)]}
    several = [make_cell(suite, quality, seed) for seed, quality in enumerate((0.6, 1.0))]
    assert [row["rank"] for row in board(suite, pair)["rows"]] == [1, 2]
    assert {row["rank"] for row in board(suite, pair | {"other": several})["rows"]} == {1}


def test_a_comparison_with_erm_on_one_common_seed_knows_the_spread_too(suite, make_cell):
    cells = {
        "erm": [make_cell(suite, quality, seed) for seed, quality in enumerate((0.5, 0.7, 0.9))],
        "a": [make_cell(suite, 0.9)],
    }
    plan, spreads = Plan.of(suite.task("small-text")), pooled_spreads(cells.values(), ["wga"])
    drawn = [plan.replicates(label, cells[label][:1], "wga", spreads) for label in ("a", "erm")]
    row = next(row for row in board(suite, cells)["rows"] if row["submission"] == "a")
    assert np.ptp(row["against_erm"]["interval"]) == pytest.approx(2 * 1.959964 * (drawn[0] - drawn[1]).std(ddof=1))


def test_seeds_stuck_at_a_floor_give_a_single_seed_nothing(suite, make_cell):
    answers = Plan.of(suite.task("small-text")).groups > 0
    stuck = [make_cell(suite, answers, seed) for seed in range(3)]
    rows = {row["submission"]: row for row in board(suite, {"a": [make_cell(suite, 0.9)], "stuck": stuck})["rows"]}
    assert rows["stuck"]["wga"] == 0
    assert rows["a"]["seed_variance"] == "unknown"


def test_a_suite_without_sets_has_no_overall_ranks(suite, make_cell):
    assert build(suite, {}) == {
        "suite": "tiny", "manifest_sha256": suite.manifest.digest, "tasks": {}, "overall": {}
    }  # fmt: skip
    ranked = replace(suite, overall={"both": ("small-text", "small-image")})
    whole = {task: [make_cell(suite, 0.9, task=task)] for task in ("small-text", "small-image")}
    overall = build(ranked, {"whole": whole, "half": {"small-text": [make_cell(suite, 1.0)]}})["overall"]["both"]
    assert names(overall["rows"]) == ["whole"]
    assert overall["unranked"] == [{"submission": "half", "reason": "small-image: not run"}]
