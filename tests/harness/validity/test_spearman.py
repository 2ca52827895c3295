import numpy as np
import pytest
from scipy.stats import spearmanr

from spurgen.harness.validity import published_spearman, spearman
from spurgen.harness.validity._published import (
    NOT_THE_SAME,
    SUBPOPBENCH,
    comparable_tables,
    read_published,
    worst_group_tables,
)

TABLES = worst_group_tables(read_published())
SAME = {place[1]: some for place, some in comparable_tables(read_published()).items() if place[0] == SUBPOPBENCH}
SUBPOP = {place[1]: table for place, table in TABLES.items() if place[0] == SUBPOPBENCH}
TASKS = ("signs-image", "signs-text")


@pytest.fixture
def examined(make_cells, weigh):
    def examine(figures, baselines=None, tasks=TASKS):
        # Ranks of the published figures: these are finer than the shares of a group's samples can be.
        ranks = np.unique(list(figures.values()), return_inverse=True)[1]
        rows = {
            label: {task: make_cells(label, task, 0.25 + 0.03 * rank, seeds=2) for task in tasks}
            for label, rank in zip(figures, ranks.tolist(), strict=True)
        }
        return spearman.examine(weigh(rows, baselines=baselines))

    return examine


def with_(result, protocol, dataset, task="signs-image"):
    (found,) = [
        some
        for some in result["tasks"][task]["published"]
        if (some["protocol"], some["dataset"]) == (protocol, dataset)
    ]
    return found


def test_published_data_sets_agree_as_is_known():
    result = published_spearman.examine(_Published())
    rho = {frozenset(pair["datasets"]): pair["rho"] for pair in result["pairs"]}
    assert len(rho) == 28
    assert rho[frozenset(("Waterbirds", "CelebA"))] == pytest.approx(0.59, abs=0.005)
    assert rho[frozenset(("Waterbirds", "MultiNLI"))] == pytest.approx(0.35, abs=0.005)
    assert rho[frozenset(("CelebA", "CivilComments"))] == pytest.approx(0.78, abs=0.005)
    assert {pair["n"] for pair in result["pairs"]} == {19}
    assert all(pair["interval"][0] < pair["rho"] < pair["interval"][1] for pair in result["pairs"])
    assert "| Waterbirds - CelebA        | 19        | 0.591 (" in published_spearman.tell(result)


class _Published:
    published = read_published()


def test_without_published_figures_the_file_is_asked_for(weigh):
    evidence = weigh({}, published=())
    assert "restore harness/validity/published_wga.csv" in published_spearman.examine(evidence)["missing"][0]
    assert spearman.examine(evidence)["tasks"] == {}


def test_a_task_that_repeats_a_published_table_has_its_correlations(examined):
    result = examined(SUBPOP["Waterbirds"])
    own, other = with_(result, SUBPOPBENCH, "Waterbirds"), with_(result, SUBPOPBENCH, "CelebA")
    assert (own["rho"], own["n"]) == (pytest.approx(1), 14)
    assert other["rho"] == pytest.approx(0.815, abs=0.001)
    assert other["methods"] == sorted(SAME["CelebA"])
    assert (other["rho_by_name"], other["n_by_name"]) == (pytest.approx(0.59, abs=0.005), 19)
    assert other["interval"][0] < other["rho"] < other["interval"][1]
    # its median with the four is that of 1, .815, .705 and .308; theirs that of the six pairs
    assert result["tasks"]["signs-image"]["median"] == pytest.approx(0.760, abs=0.001)
    assert result["tasks"]["signs-image"]["median_among_published"] == pytest.approx(0.656, abs=0.001)
    assert result["passed"] is True
    assert result["tasks"]["signs-text"]["backbone"] == "pretrained"
    assert "| signs-text  | pretrained | 0.760        | 0.656             | yes " in spearman.tell(result)


def test_a_namesake_that_is_another_method_counts_by_name_alone(examined):
    moved = {name: 50 - wga if name in NOT_THE_SAME[SUBPOPBENCH] else wga for name, wga in SUBPOP["Waterbirds"].items()}
    same, other = (with_(examined(figures), SUBPOPBENCH, "Waterbirds") for figures in (SUBPOP["Waterbirds"], moved))
    assert other["rho"] == same["rho"]
    assert other["rho_by_name"] < same["rho_by_name"]
    assert not set(other["methods"]) & NOT_THE_SAME[SUBPOPBENCH]
    assert NOT_THE_SAME.keys() == {SUBPOPBENCH}


def test_the_contrary_ranking_fails(examined):
    result = examined({label: 100 - wga for label, wga in SUBPOP["Waterbirds"].items()})
    assert with_(result, SUBPOPBENCH, "Waterbirds")["rho"] == pytest.approx(-1)
    assert result["passed"] is False


def test_published_tables_are_compared_over_the_same_methods(examined):
    some = ["erm", "jtt", "group_dro", "dfr", "ssa", "cnc"]
    result = examined({name: 30 + 10 * k for k, name in enumerate(some)})
    found = with_(result, "DFR paper Table 2", "Waterbirds")
    assert found["methods"] == sorted(some)
    # MultiNLI's table has no cnc, so two others remain
    own, *others = (
        next(
            [table[name] for name in some]
            for place, table in TABLES.items()
            if place[:2] == ("DFR paper Table 2", data)
        )
        for data in ("Waterbirds", "CelebA", "CivilComments")
    )
    assert found["among_published"] == pytest.approx(np.mean([spearmanr(own, other).statistic for other in others]))


def test_nothing_is_judged_before_every_published_method_has_run(examined):
    result = examined(SUBPOP["Waterbirds"], baselines=[*SUBPOP["Waterbirds"], "vrex", "cnc", "contrastive"])
    assert result["passed"] is None
    assert result["tasks"]["signs-image"]["median"] == pytest.approx(0.760, abs=0.001)
    assert result["missing"][0].startswith("signs-image, signs-text: not run: cnc; `spurgen benchmark --suite ")


def test_fewer_than_five_methods_are_no_ranking(examined):
    result = examined({"erm": 20, "jtt": 30, "dfr": 40, "irm": 50})
    assert result["tasks"] == {}
    assert result["missing"][0].startswith("signs-image, signs-text: too few ranked methods; ")
