import numpy as np
import pytest
from scipy.stats import spearmanr

from spurgen.harness.validity import published_spearman, spearman
from spurgen.harness.validity._published import (
    NOT_THE_SAME,
    SUBPOPBENCH,
    read_published,
    worst_group_tables,
)

TABLES = {source[:2]: table for source, table in worst_group_tables(read_published()).items()}
WATERBIRDS = TABLES[SUBPOPBENCH, "Waterbirds"]


@pytest.fixture
def examined(make_outcomes, gathered):
    """Return a function that examines rows whose WGA has the same order as the values of the methods."""

    def examine(values, baselines=None):
        # Ranks of the published values: these are finer than the accuracies of a group can be.
        ranks = np.unique(list(values.values()), return_inverse=True)[1].tolist()
        rows = {
            label: {task: make_outcomes(label, task, 0.25 + 0.03 * rank) for task in tasks}
            for label, rank in zip(values, ranks, strict=True)
            for tasks in [("signs-image", "signs-text")]
        }
        return spearman.examine(gathered(rows, baselines=baselines))

    return examine


def agreement(section, protocol, dataset):
    published = section.tasks["signs-image"].published
    return next(table for table in published if (table.protocol, table.dataset) == (protocol, dataset))


def test_published_data_sets_agree_as_is_known(gathered):
    section = published_spearman.examine(gathered({}))
    rho = {frozenset(pair.datasets): pair.rho for pair in section.pairs}
    assert len(rho) == 28
    assert rho[frozenset(("Waterbirds", "CelebA"))] == pytest.approx(0.59, abs=0.005)
    assert rho[frozenset(("Waterbirds", "MultiNLI"))] == pytest.approx(0.35, abs=0.005)
    assert rho[frozenset(("CelebA", "CivilComments"))] == pytest.approx(0.78, abs=0.005)
    assert {pair.n for pair in section.pairs} == {19}
    assert all(pair.interval[0] < pair.rho < pair.interval[1] for pair in section.pairs)
    assert "| Waterbirds - CelebA        | 19        | 0.591 (" in section.tables()


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
    assert section.tasks["signs-image"].median == pytest.approx(0.775, abs=0.001)
    assert section.tasks["signs-image"].median_among_published == pytest.approx(0.668, abs=0.001)
    assert section.passed is True
    assert section.tasks["signs-text"].backbone == "pretrained"
    assert "| signs-text  | pretrained | 0.775        | 0.668             | yes " in section.tables()


def test_a_different_algorithm_of_the_same_name_counts_by_name_alone(examined):
    moved = {name: 50 - wga if name in NOT_THE_SAME[SUBPOPBENCH] else wga for name, wga in WATERBIRDS.items()}
    same, other = (agreement(examined(values), SUBPOPBENCH, "Waterbirds") for values in (WATERBIRDS, moved))
    assert other.rho == same.rho
    assert other.rho_by_name < same.rho_by_name
    assert not set(other.methods) & NOT_THE_SAME[SUBPOPBENCH]
    assert NOT_THE_SAME.keys() == {SUBPOPBENCH}


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
    assert section.tasks["signs-image"].median == pytest.approx(0.775, abs=0.001)
    assert section.missing[0].startswith("signs-image, signs-text: not run: cnc; `spurgen benchmark --suite ")


def test_fewer_than_five_methods_are_not_correlated(examined):
    section = examined({"erm": 20, "jtt": 30, "dfr": 40, "irm": 50})
    assert section.tasks == {}
    assert section.missing[0].startswith("signs-image, signs-text: too few ranked methods; ")
