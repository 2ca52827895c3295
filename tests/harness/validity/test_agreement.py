import pkgutil

import numpy as np
import pytest
from scipy.stats import spearmanr

import spurgen.baselines
from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.plugins import BASELINES, discover
from spurgen.harness.validity import agreement
from spurgen.harness.validity.agreement import (
    REPLICATES,
    as_strata,
    concordance,
    correlate,
    draw_methods,
    estimate,
    partial_spearman,
    published_spearman,
    rank_rho,
    spearman,
    take,
)
from spurgen.harness.validity.published import (
    BASELINE_OF,
    JTT_LINE,
    NOT_THE_SAME,
    SUBPOPBENCH,
    WGA,
    PublishedMetric,
    read_published,
    worst_group_tables,
)
from spurgen.harness.validity.suite import MEASURED

TIERS = as_strata(["none"] * 3 + ["val_groups"] * 2 + ["train_groups"] * 7)  # those of SubpopBench's methods


def draw_pairs(random, count, strength):
    """Draw normal pairs of that correlation."""
    first = random.normal(size=count)
    return first, strength * first + np.sqrt(1 - strength**2) * random.normal(size=count)


def test_rho_equals_scipys_with_ties():
    random = np.random.default_rng(0)
    first, second = random.integers(6, size=(2, 40, 12)).astype(float)
    expected = [spearmanr(a, b).statistic for a, b in zip(first, second, strict=True)]
    assert rank_rho(first, second) == pytest.approx(np.array(expected))


def test_a_list_of_ties_has_no_rho():
    assert np.isnan(rank_rho(np.ones(5), np.arange(5.0)))
    assert correlate(np.ones(5), np.arange(5.0), None, "t") is None


def test_the_interval_covers_the_true_rho():
    truth = 6 / np.pi * np.arcsin(0.6 / 2)  # Spearman's rho of a normal pair is (6 / pi) asin(r / 2)
    random = np.random.default_rng(1)
    intervals = [correlate(*draw_pairs(random, 19, 0.6), None, f"t{draw}").ends for draw in range(60)]
    assert np.mean([low <= truth <= high for low, high in intervals]) == pytest.approx(0.94, abs=0.06)


def test_uncertain_metrics_widen_the_interval():
    first, second = draw_pairs(np.random.default_rng(2), 19, 0.9)
    fixed = np.repeat(first[:, None], REPLICATES, axis=1)
    noisy = fixed + np.random.default_rng(3).normal(scale=0.7, size=fixed.shape)
    certain, uncertain = (correlate(first, second, replicates, "t") for replicates in (fixed, noisy))
    assert certain == correlate(first, second, None, "t")
    assert certain.value == uncertain.value
    assert np.ptp(uncertain.ends) > 1.3 * np.ptp(certain.ends)


def draw_tiered(random, boards, strength):
    """Draw pairs of rankings of 12 methods with that correlation within tiers; the tiers differ widely, in both."""
    first, second = draw_pairs(random, (boards, len(TIERS)), strength)
    return first + 10 * TIERS, second + 10 * TIERS


def test_a_ranking_that_agrees_through_the_tier_alone_has_no_agreement_within_tiers():
    first, second = draw_tiered(np.random.default_rng(5), 2000, 0.0)
    assert rank_rho(first, second).mean() > 0.75
    assert partial_spearman(first, second, TIERS).mean() == pytest.approx(0, abs=0.02)


def test_agreement_within_tiers_is_found_though_the_tiers_disagree():
    first, second = draw_tiered(np.random.default_rng(6), 2000, 0.9)
    assert rank_rho(first, second - 20 * TIERS).mean() < -0.6
    assert partial_spearman(first, second - 20 * TIERS, TIERS).mean() > 0.75


def test_partial_rho_is_the_correlation_of_shares_beaten_less_shares_that_beat():
    random = np.random.default_rng(7)
    first, second = random.integers(5, size=(2, 12)).astype(float)
    residuals = [
        [
            np.mean([np.sign(values[k] - values[other]) for other in np.flatnonzero(TIERS[k] == TIERS)])
            for k in range(12)
        ]
        for values in (first, second)
    ]
    assert partial_spearman(first, second, TIERS) == pytest.approx(np.corrcoef(residuals)[0, 1])


def test_one_tier_gives_spearmans_rho_and_a_tier_of_one_method_adds_nothing():
    random = np.random.default_rng(8)
    first, second = random.integers(6, size=(2, 9)).astype(float)
    alone = np.zeros(9, np.int64)
    assert partial_spearman(first, second, alone) == pytest.approx(rank_rho(first, second))
    more = [np.append(values, 99.0) for values in (first, second)]
    assert partial_spearman(*more, np.append(alone, 1)) == pytest.approx(rank_rho(first, second))
    assert np.isnan(partial_spearman(first, second, np.arange(9)))


def test_pairs_are_counted_within_tiers_and_ties_do_not_count():
    first, second = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 3.0])
    assert concordance(first, second, np.zeros(4, np.int64)) == (4, 5)
    assert concordance(first, second, np.array([0, 0, 1, 1])) == (2, 2)


def coverage_within_tiers(strength, boards):
    """Return how often the interval of rho within tiers covers its expected value."""
    random = np.random.default_rng(9)
    truth = np.nanmean(partial_spearman(*draw_tiered(random, 2000, strength), TIERS))
    drawn = zip(*draw_tiered(random, boards, strength), strict=True)
    intervals = [correlate(*board, None, f"t{draw}", TIERS).ends for draw, board in enumerate(drawn)]
    return float(np.mean([low <= truth <= high for low, high in intervals]))


def test_the_interval_within_tiers_covers_the_true_rho():
    assert coverage_within_tiers(0.6, 60) == pytest.approx(0.95, abs=0.06)


def test_the_first_draw_is_every_method_and_replicates_take_their_own_values():
    points = np.array([1.0, 2.0, 3.0])
    drawn = draw_methods(3, 4, "t")
    assert drawn.shape == (5, 3)
    values = take(points, np.arange(1, 5) * 10 + points[:, None], drawn)
    assert values[0].tolist() == [1, 2, 3]
    assert (values[1:] // 10).astype(int).tolist() == [[k] * 3 for k in range(1, 5)]
    assert (values[1:] % 10).tolist() == points[drawn[1:]].tolist()


def test_replicates_without_a_statistic_are_left_out():
    assert estimate(np.array([np.nan, 1.0, 1.0])) is None
    found = estimate(np.array([0.5, 0.4, np.nan, 0.6]))
    assert (found.value, found.ends) == (0.5, pytest.approx((0.405, 0.595)))


if __name__ == "__main__":  # the figures of docs/validity.md
    for strength in (0.0, 0.3, 0.6, 0.9):
        print(f"correlation {strength}: {coverage_within_tiers(strength, 1000):.1%}")


TABLES = {source[:2]: table for source, table in worst_group_tables(read_published()).items()}
WATERBIRDS = TABLES[SUBPOPBENCH, "Waterbirds"]
NO_GROUPS = "no group labels at all"
ACCESS = {name: module.submission.ACCESS for name, module in discover(BASELINES).items()}
NONE, VAL, TRAIN = ["ERM", "Focal", "Mixup"], ["JTT", "CVaRDRO"], ["GroupDRO", "ReSample", "ReWeight", "CBLoss", "CRT"]
ORDERED = {name: 30.0 + 5 * place for place, name in enumerate(NONE + VAL + TRAIN)}
"""A published ranking in which methods with more access are better."""


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines rows whose WGA has the same order as the values of the methods."""

    def examine(values, baselines=None, published=None):
        # Ranks of the published values: these are finer than the accuracies of a group can be.
        ranks = np.unique(list(values.values()), return_inverse=True)[1].tolist()
        rows = {
            label: {task: make_outcomes(label, task, 0.25 + 0.03 * rank) for task in tasks}
            for label, rank in zip(values, ranks, strict=True)
            for tasks in [("signs-image", "signs-text")]
        }
        return spearman.examine(gathered(rows, baselines=baselines, published=published))

    return examine


def planted(values):
    """Publish a ranking as that of each of the core data sets."""
    return [
        PublishedMetric(
            protocol=SUBPOPBENCH, method=method, dataset=dataset, metric=WGA, value=value, err=None, selection="any",
            source="this test",
        )
        for dataset in agreement.CORE
        for method, value in values.items()
    ]  # fmt: skip


def ours(names):
    """Return values of our methods, given by their published names, worst first."""
    return {BASELINE_OF[name]: 10 * place for place, name in enumerate(names)}


@pytest.fixture
def table(line):
    """Return a function that returns the agreement of signs-image with a published table."""
    return lambda answer, protocol, dataset: line(answer, task="signs-image", protocol=protocol, dataset=dataset)


@pytest.fixture
def medians():
    """Return a function that returns the medians of a task."""

    def find(answer, task="signs-image"):
        (found,) = [each for each in answer.tables["Medians over the four"] if each.get("task", task) == task]
        return found

    return find


def test_published_data_sets_agree_as_is_known(gathered):
    answer = published_spearman.examine(gathered({}))
    pairs = [pair for pair in answer.tables["Pairs of data sets"] if pair["protocol"] == SUBPOPBENCH]
    rho = {frozenset((pair["first"], pair["second"])): pair["rho"] for pair in pairs}
    assert len(rho) == 28
    assert rho[frozenset(("Waterbirds", "CelebA"))] == pytest.approx(0.59, abs=0.005)
    assert rho[frozenset(("Waterbirds", "MultiNLI"))] == pytest.approx(0.35, abs=0.005)
    assert rho[frozenset(("CelebA", "CivilComments"))] == pytest.approx(0.78, abs=0.005)
    assert {pair["methods"] for pair in pairs} == {19}
    assert all(pair["rho_low"] < pair["rho"] < pair["rho_high"] for pair in pairs)


def test_a_task_that_repeats_a_published_table_has_its_correlations(examined, table, medians):
    answer = examined(WATERBIRDS)
    own, other = (table(answer, SUBPOPBENCH, dataset) for dataset in ("Waterbirds", "CelebA"))
    assert (own["rho"], own["methods"]) == (pytest.approx(1), 12)
    assert other["rho"] == pytest.approx(0.775, abs=0.001)
    assert (other["rho_by_name"], other["methods_by_name"]) == (pytest.approx(0.59, abs=0.005), 19)
    assert other["rho_low"] < other["rho"] < other["rho_high"]
    # its median with the four is that of 1, .775, .775 and .399; theirs that of the six pairs
    assert medians(answer)["rho"] == pytest.approx(0.775, abs=0.001)
    assert medians(answer)["among"] == pytest.approx(0.668, abs=0.001)
    assert medians(answer)["less_access_low"] < 0 < medians(answer)["less_access_high"]
    assert answer.verdict == MEASURED


def test_a_row_with_few_units_is_left_out_instead_of_narrowing_the_intervals_of_all(make_outcomes, gathered):
    rows = {
        label: {"signs-image": make_outcomes(label, "signs-image", 0.25 + value / 200, seeds=1 + 4 * (label != "jtt"))}
        for label, value in WATERBIRDS.items()
    }
    task = gathered(rows).tasks["signs-image"]
    assert "jtt" in task.labels
    methods = agreement.common(task, WATERBIRDS)
    assert methods == sorted(WATERBIRDS.keys() - {"jtt"})
    assert agreement.over_units(task, methods).std(axis=1).max() > 0


def test_a_different_algorithm_of_the_same_name_counts_by_name_alone(examined, table):
    moved = {name: 50 - wga if name in NOT_THE_SAME[SUBPOPBENCH] else wga for name, wga in WATERBIRDS.items()}
    same, other = (table(examined(values), SUBPOPBENCH, "Waterbirds") for values in (WATERBIRDS, moved))
    assert other["rho"] == same["rho"]
    assert other["rho_by_name"] < same["rho_by_name"]
    assert NOT_THE_SAME[SUBPOPBENCH].keys() == {"bsoftmax", "ldam", "irm", "mmd", "lisa", "lff", "dfr"}


def test_published_tables_are_compared_over_the_same_methods(examined, table):
    methods = ["erm", "jtt", "group_dro", "dfr", "ssa", "cnc"]
    answer = examined({name: 30 + 10 * k for k, name in enumerate(methods)})
    # MultiNLI's table has no cnc, so two others remain
    own, *others = (
        [TABLES["DFR paper Table 2", dataset][name] for name in methods]
        for dataset in ("Waterbirds", "CelebA", "CivilComments")
    )
    expected = np.mean([spearmanr(own, other).statistic for other in others])
    assert table(answer, "DFR paper Table 2", "Waterbirds")["among_published"] == pytest.approx(expected)


def test_published_methods_that_have_not_run_are_named(examined, medians):
    answer = examined(WATERBIRDS, baselines=[*WATERBIRDS, "vrex", "cnc", "contrastive"])
    assert medians(answer)["rho"] == pytest.approx(0.775, abs=0.001)
    assert answer.missing[0].startswith("signs-image, signs-text: not run: cnc; `spurgen benchmark --suite ")


def test_fewer_than_five_methods_are_not_correlated(examined):
    answer = examined({"erm": 20, "jtt": 30, "dfr": 40, "irm": 50})
    assert (answer.tables["Medians over the four"], answer.plot) == ([], None)
    assert answer.missing[0].startswith("signs-image, signs-text: too few ranked methods; ")


def test_one_bit_explains_most_of_the_agreement_of_the_core_data_sets(gathered, medians):
    answer = published_spearman.examine(gathered({}, baselines=ACCESS))
    found = medians(answer)
    assert found["of_access"] == pytest.approx(0.834, abs=0.001)
    assert found["of_access_low"] < found["of_access"] < found["of_access_high"]
    assert found["among"] == pytest.approx(0.668, abs=0.001)
    assert found["among_within"] == pytest.approx(-0.040, abs=0.001)
    methods = sorted(WATERBIRDS.keys() - NOT_THE_SAME[SUBPOPBENCH])
    bit = [float(ACCESS[name] == "train_groups") for name in methods]
    celeba = [TABLES[SUBPOPBENCH, "CelebA"][name] for name in methods]
    (alone,) = [
        one for one in answer.tables["Access alone"] if (one["protocol"], one["dataset"]) == (SUBPOPBENCH, "CelebA")
    ]
    assert (alone["methods"], alone["rho"]) == (12, pytest.approx(spearmanr(bit, celeba).statistic))
    assert min(one["methods"] for one in answer.tables["Access alone"]) >= 5  # tables with fewer have no rho
    assert "access alone reaches 0.83 [" in answer.summary


def test_agreement_through_access_alone_is_none_within_tiers(examined, medians):
    # tiers as published; within them the residuals' products sum to .44 - .5 + 0
    shuffled = ["Focal", "ERM", "Mixup", "CVaRDRO", "JTT", "CBLoss", "GroupDRO", "ReWeight", "CRT", "ReSample"]
    answer = examined(ours(shuffled), published=planted(ORDERED))
    found = medians(answer)
    assert found["rho"] > 0.8
    assert found["rho_within"] == pytest.approx(-0.019, abs=0.001)
    assert found["of_access"] > 0.8
    assert found["among"] == found["among_within"] == pytest.approx(1)


def test_the_same_order_within_tiers_is_found(examined, medians, table):
    answer = examined(ours(NONE + VAL + TRAIN), published=planted(ORDERED))
    found = medians(answer, "signs-text")
    assert found["rho"] == found["rho_within"] == pytest.approx(1)
    assert found["less_access_low"] > 0
    celeba = table(answer, SUBPOPBENCH, "CelebA")
    assert (celeba["same_order_within"], celeba["pairs_within"]) == (14, 14)  # 3, 1 and 10 pairs of one tier


def test_the_reverse_order_within_tiers_is_found_though_rho_is_positive(examined, medians):
    turned = NONE[::-1] + VAL[::-1] + TRAIN[::-1]
    found = medians(examined(ours(turned), published=planted(ORDERED)))
    assert found["rho"] > 0.5
    assert found["rho_within"] == pytest.approx(-1)


def test_the_jtt_line_is_keyed_by_what_it_lets_a_method_see(examined, table):
    names = sorted(TABLES[JTT_LINE, "Waterbirds"], key=TABLES[JTT_LINE, "Waterbirds"].get)
    assert names == ["erm", "lff", "eiil", "jtt", "cnc"]
    answer = examined({name: 10 * place for place, name in enumerate(names)})

    def pairs(protocol, dataset, suffix=""):
        found = table(answer, protocol, dataset)
        return found[f"same_order{suffix}"], found[f"pairs{suffix}"]

    assert (table(answer, JTT_LINE, "Waterbirds")["rho"], pairs(JTT_LINE, "Waterbirds")) == (pytest.approx(1), (10, 10))
    assert pairs(JTT_LINE, "Waterbirds", "_within") == (6, 6)  # all but ERM see groups of val
    assert (table(answer, JTT_LINE, "MultiNLI")["rho"], pairs(JTT_LINE, "MultiNLI")) == (None, (5, 6))  # EIIL < LfF
    assert pairs(NO_GROUPS, "Waterbirds") == (1, 3)  # LfF, JTT and EIIL, from the best down
    sums = [each for each in answer.tables["Pairs in the same order"] if each["task"] == "signs-image"]
    (jtt_line,) = [each for each in sums if each["protocol"] == JTT_LINE]
    assert (jtt_line["same_order"], jtt_line["pairs"]) == (27, 10 + 10 + 6 + 6)
    assert jtt_line["sees"] == "group labels of val, to select a model"


def test_every_line_is_read_with_its_source():
    published = read_published()
    assert len(published) == 296
    assert all(entry.source for entry in published)
    (dfr,) = [e for e in published if (e.protocol, e.method, e.dataset) == (SUBPOPBENCH, "DFR", "Waterbirds")]
    assert (dfr.value, dfr.err, dfr.metric) == (91.0, 0.3, "worst_group_acc")
    assert {entry.err for entry in published if entry.protocol.startswith("JTT-line")} == {None}


def test_tables_have_the_worst_group_accuracies_of_our_methods():
    tables = worst_group_tables(read_published())
    subpop = {source.dataset: table for source, table in tables.items() if source.protocol == SUBPOPBENCH}
    assert len(subpop) == 8
    assert all(len(table) == 19 for table in subpop.values())
    assert subpop["CelebA"]["cvar_dro"] == 64.1
    table = next(table for source, table in tables.items() if source[:2] == ("DFR paper Table 2", "Waterbirds"))
    assert table == {
        "erm": 74.9, "jtt": 86.7, "cnc": 88.5, "subg": 89.1, "ssa": 89.0, "group_dro": 91.4, "dfr": 92.9,
    }  # fmt: skip
    assert not any("MNIST" in source.dataset for source in tables)  # its metric is another


def test_published_names_map_to_existing_methods():
    ours = {module.name for module in pkgutil.iter_modules(spurgen.baselines.__path__)}
    assert set(BASELINE_OF.values()) <= ours
    assert "DANN" not in BASELINE_OF


def test_two_values_for_one_method_are_an_error():
    about = {"protocol": "p", "dataset": "d", "metric": WGA, "err": "", "selection": "s", "source": "x"}
    twice = [PublishedMetric(method=name, value=value, **about) for name, value in (("DFR", 1.0), ("DFR_Tr^Val", 2.0))]
    with pytest.raises(SpurgenError, match="published metrics: p, d, s has dfr twice; delete one of the lines"):
        worst_group_tables(twice)
