import numpy as np
import pytest
from scipy.stats import spearmanr

from spurgen.benchmark.plugins import discover
from spurgen.benchmark.specs import BASELINES
from spurgen.harness.statistics.estimate import Estimate
from spurgen.harness.validity import _agreement, published_spearman, spearman
from spurgen.harness.validity._agreement import TaskMedians
from spurgen.harness.validity._published import (
    BASELINE_OF,
    JTT_LINE,
    NOT_THE_SAME,
    SUBPOPBENCH,
    WGA,
    PublishedMetric,
    read_published,
    worst_group_tables,
)

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
        for dataset in spearman.CORE
        for method, value in values.items()
    ]  # fmt: skip


def ours(names):
    """Return values of our methods, given by their published names, worst first."""
    return {BASELINE_OF[name]: 10 * place for place, name in enumerate(names)}


def agreement(section, protocol, dataset):
    published = section.tasks["signs-image"].published
    return next(table for table in published if (table.protocol, table.dataset) == (protocol, dataset))


def test_published_data_sets_agree_as_is_known(gathered):
    section = published_spearman.examine(gathered({}))
    pairs = [pair for pair in section.pairs if pair.protocol == SUBPOPBENCH]
    rho = {frozenset(pair.datasets): pair.rho for pair in pairs}
    assert len(rho) == 28
    assert rho[frozenset(("Waterbirds", "CelebA"))] == pytest.approx(0.59, abs=0.005)
    assert rho[frozenset(("Waterbirds", "MultiNLI"))] == pytest.approx(0.35, abs=0.005)
    assert rho[frozenset(("CelebA", "CivilComments"))] == pytest.approx(0.78, abs=0.005)
    assert {pair.n for pair in pairs} == {19}
    assert all(pair.interval[0] < pair.rho < pair.interval[1] for pair in section.pairs)
    assert "| SubpopBench protocol       | Waterbirds - CelebA        | 19        | 0.59 (" in section.tables()


def test_without_published_metrics_the_file_is_asked_for(gathered):
    suite = gathered({}, published=())
    assert "restore harness/validity/published_wga.csv" in published_spearman.examine(suite).missing[0]
    assert spearman.examine(suite).tasks == {}


def test_a_task_that_repeats_a_published_table_has_its_correlations(examined):
    section = examined(WATERBIRDS)
    own, other = (agreement(section, SUBPOPBENCH, dataset) for dataset in ("Waterbirds", "CelebA"))
    assert (own.rho, own.n) == (pytest.approx(1), 12)
    assert other.rho == pytest.approx(0.775, abs=0.001)
    assert other.methods == sorted(WATERBIRDS.keys() - NOT_THE_SAME[SUBPOPBENCH])
    assert (other.rho_by_name, other.n_by_name) == (pytest.approx(0.59, abs=0.005), 19)
    assert other.interval[0] < other.rho < other.interval[1]
    # its median with the four is that of 1, .775, .775 and .399; theirs that of the six pairs
    medians = section.tasks["signs-image"].medians
    assert medians.rho.value == pytest.approx(0.775, abs=0.001)
    assert medians.among.value == pytest.approx(0.668, abs=0.001)
    assert "group labels of val, 6 of 12 (each) pairs of methods have our order" in section.summary()
    assert "| signs-text | scratch | 0.78 (" in " ".join(section.tables().split())


def test_a_row_with_few_units_is_left_out_instead_of_narrowing_the_intervals_of_all(make_outcomes, gathered):
    rows = {
        label: {"signs-image": make_outcomes(label, "signs-image", 0.25 + value / 200, seeds=1 + 4 * (label != "jtt"))}
        for label, value in WATERBIRDS.items()
    }
    task = gathered(rows).tasks["signs-image"]
    assert "jtt" in task.rows
    methods = _agreement.common(task, WATERBIRDS)
    assert methods == sorted(WATERBIRDS.keys() - {"jtt"})
    assert _agreement.over_units(task, methods).std(axis=1).max() > 0


def test_a_different_algorithm_of_the_same_name_counts_by_name_alone(examined):
    moved = {name: 50 - wga if name in NOT_THE_SAME[SUBPOPBENCH] else wga for name, wga in WATERBIRDS.items()}
    same, other = (agreement(examined(values), SUBPOPBENCH, "Waterbirds") for values in (WATERBIRDS, moved))
    assert other.rho == same.rho
    assert other.rho_by_name < same.rho_by_name
    assert not NOT_THE_SAME[SUBPOPBENCH].keys() & other.methods
    assert NOT_THE_SAME[SUBPOPBENCH].keys() == {"bsoftmax", "ldam", "irm", "mmd", "lisa", "lff", "dfr"}


def test_the_reversed_ranking_fails(examined):
    section = examined({label: 100 - wga for label, wga in WATERBIRDS.items()})
    assert agreement(section, SUBPOPBENCH, "Waterbirds").rho == pytest.approx(-1)
    assert section.passed is False


def test_published_tables_are_compared_over_the_same_methods(examined):
    methods = ["erm", "jtt", "group_dro", "dfr", "ssa", "cnc"]
    waterbirds = agreement(
        examined({name: 30 + 10 * k for k, name in enumerate(methods)}), "DFR paper Table 2", "Waterbirds"
    )
    assert waterbirds.methods == sorted(methods)
    # MultiNLI's table has no cnc, so two others remain
    own, *others = (
        [TABLES["DFR paper Table 2", dataset][name] for name in methods]
        for dataset in ("Waterbirds", "CelebA", "CivilComments")
    )
    expected = np.mean([spearmanr(own, other).statistic for other in others])
    assert waterbirds.among_published == pytest.approx(expected)


def test_nothing_is_judged_before_every_published_method_has_run(examined):
    section = examined(WATERBIRDS, baselines=[*WATERBIRDS, "vrex", "cnc", "contrastive"])
    assert section.passed is None
    assert section.tasks["signs-image"].medians.rho.value == pytest.approx(0.775, abs=0.001)
    assert section.verdict.startswith("not judged: what it needs is missing")
    assert section.missing[0].startswith("signs-image, signs-text: not run: cnc; `spurgen benchmark --suite ")


def test_fewer_than_five_methods_are_not_correlated(examined):
    section = examined({"erm": 20, "jtt": 30, "dfr": 40, "irm": 50})
    assert section.tasks == {}
    assert section.missing[0].startswith("signs-image, signs-text: too few ranked methods; ")


def test_one_bit_explains_most_of_the_agreement_of_the_core_data_sets(gathered):
    section = published_spearman.examine(gathered({}, baselines=ACCESS))
    assert len(section.medians.methods) == 12
    assert section.medians.of_access.value == pytest.approx(0.834, abs=0.001)
    assert section.medians.among.value == pytest.approx(0.668, abs=0.001)
    assert section.medians.among_within.value == pytest.approx(-0.040, abs=0.001)
    assert section.medians.of_access.low < 0.834 < section.medians.of_access.high
    alone = {(one.protocol, one.dataset): one for one in section.access}
    bit = [float(ACCESS[name] == "train_groups") for name in section.medians.methods]
    celeba = [TABLES[SUBPOPBENCH, "CelebA"][name] for name in section.medians.methods]
    assert alone[SUBPOPBENCH, "CelebA"].rho == pytest.approx(spearmanr(bit, celeba).statistic)
    assert "access alone reaches 0.83 (" in section.summary()


def test_agreement_through_access_alone_is_none_within_tiers_and_does_not_pass(examined):
    # tiers as published; within them the residuals' products sum to .44 - .5 + 0
    shuffled = ["Focal", "ERM", "Mixup", "CVaRDRO", "JTT", "CBLoss", "GroupDRO", "ReWeight", "CRT", "ReSample"]
    section = examined(ours(shuffled), published=planted(ORDERED))
    medians = section.tasks["signs-image"].medians
    assert medians.rho.value > 0.8
    assert medians.rho_within.value == pytest.approx(-0.019, abs=0.001)
    assert medians.of_access.value > 0.8
    assert medians.among.value == medians.among_within.value == pytest.approx(1)
    assert section.passed is not True


def test_the_same_order_within_tiers_passes(examined):
    section = examined(ours(NONE + VAL + TRAIN), published=planted(ORDERED))
    medians = section.tasks["signs-text"].medians
    assert medians.rho.value == medians.rho_within.value == pytest.approx(1)
    assert medians.less_access.low > 0
    assert (section.passed, section.verdict) == (True, "holds")
    assert agreement(section, SUBPOPBENCH, "CelebA").pairs_within == (14, 14)  # 3, 1 and 10 pairs of one tier


def test_the_reverse_order_within_tiers_is_found_though_rho_is_positive(examined):
    turned = NONE[::-1] + VAL[::-1] + TRAIN[::-1]
    medians = examined(ours(turned), published=planted(ORDERED)).tasks["signs-image"].medians
    assert medians.rho.value > 0.5
    assert medians.rho_within.value == pytest.approx(-1)
    assert medians.less_among.high < 0


def test_intervals_that_allow_either_leave_it_undecided(examined):
    section = examined(WATERBIRDS)
    medians = section.tasks["signs-image"].medians
    assert medians.less_access.low < 0 < medians.less_access.high
    assert (section.passed, section.verdict) == (None, "undecided (the intervals allow either)")


def test_the_jtt_line_is_keyed_by_what_it_lets_a_method_see(examined):
    names = sorted(TABLES[JTT_LINE, "Waterbirds"], key=TABLES[JTT_LINE, "Waterbirds"].get)
    assert names == ["erm", "lff", "eiil", "jtt", "cnc"]
    section = examined({name: 10 * place for place, name in enumerate(names)})
    waterbirds, multinli = (agreement(section, JTT_LINE, dataset) for dataset in ("Waterbirds", "MultiNLI"))
    assert (waterbirds.rho, waterbirds.n, waterbirds.pairs) == (pytest.approx(1), 5, (10, 10))
    assert waterbirds.pairs_within == (6, 6)  # all but ERM see groups of val
    assert (multinli.rho, multinli.n, multinli.pairs) == (None, 4, (5, 6))  # there EIIL is below LfF
    assert agreement(section, NO_GROUPS, "Waterbirds").pairs == (1, 3)  # LfF, JTT and EIIL, from the best down
    same, pairs = section.tasks["signs-image"].pairs(JTT_LINE)
    assert pairs == 10 + 10 + 6 + 6
    assert same == 27
    assert f"| {JTT_LINE} " in section.tables()
    text = section.tables()
    assert "group labels of val, to select a model" in text
    assert "| no group labels " in text


def test_every_published_number_has_its_source_and_how_models_were_selected(examined, gathered):
    for text in (examined(WATERBIRDS).tables(), published_spearman.examine(gathered({}, baselines=ACCESS)).tables()):
        assert "SubpopBench protocol as reported in MEDRO, Table 2 (secondary transcription" in text
        assert "text says oracle test selection; attributes known" in text
        assert "hard-coded comparison table in facebookresearch/XRM read_results.py" in text
    assert all(f"| {name} " in examined(WATERBIRDS).tables() for name in NOT_THE_SAME[SUBPOPBENCH])


@pytest.mark.parametrize(
    ("less_access", "less_among", "passed"),
    [
        ((0.1, 0.05, 0.2), (0.1, -0.1, 0.3), True),
        ((0.1, -0.05, 0.2), (0.1, 0.05, 0.3), None),  # above in point only
        ((-0.1, -0.2, 0.05), (-0.1, -0.3, 0.1), None),  # below in point only
        ((-0.2, -0.3, -0.1), (0.1, 0.05, 0.3), False),
        ((0.1, 0.05, 0.2), (-0.1, -0.3, -0.05), False),
        (None, (0.1, 0.05, 0.3), None),
    ],
)
def test_a_difference_counts_where_its_interval_excludes_0(less_access, less_among, passed):
    differences = [value and Estimate(*value) for value in (less_among, less_access)]
    medians = TaskMedians([], *8 * [None], *differences)
    assert spearman.passes(medians) is passed
