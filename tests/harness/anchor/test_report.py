from types import SimpleNamespace

import numpy as np
import pytest

from spurgen.harness.anchor.agreement import Agreement, agreements
from spurgen.harness.anchor.figures import figures_of
from spurgen.harness.anchor.report import PROTOCOL, as_published, to_csv, to_markdown
from spurgen.harness.validity._published import read_published, worst_group_tables

METHODS = {
    name: (access, np.round(np.array([0.0, 0.01, 0.02]) + level, 2).tolist())
    for name, access, level in (
        ("erm", "none", 0.3), ("mixup", "none", 0.35), ("jtt", "val_groups", 0.4), ("dfr", "val_groups", 0.6),
        ("group_dro", "train_groups", 0.5), ("resample", "train_groups", 0.45), ("adversarial", "train_groups", 0.2),
    )
}  # fmt: skip


class _Task:
    """A main task on which methods have these robust accuracies."""

    def __init__(self, values):
        self.rows = values

    def units(self, label):
        return np.array([self.rows[label]])


@pytest.fixture
def suite():
    values = {name: np.mean(row) for name, (_, row) in METHODS.items()}
    worse = {name: 1 - value for name, value in values.items()}

    main = {"same-text": _Task(values), "reverse-text": _Task(worse), "few-text": _Task({"erm": 0.5})}
    return SimpleNamespace(suite=SimpleNamespace(name="toy"), main=main, published=read_published())


def test_rankings_that_agree_have_rho_one(made_up, suite):
    found = {each.other: each for each in agreements(figures_of(made_up(METHODS)), suite, "planted")}
    same, reverse = found["toy: same-text"], found["toy: reverse-text"]
    assert (same.rho, same.methods) == (pytest.approx(1), 7)
    assert same.interval == pytest.approx((1, 1))
    assert reverse.rho == pytest.approx(-1)
    assert "toy: few-text" not in found
    assert "Waterbirds (SubpopBench protocol)" in found
    assert (
        found["Waterbirds (SubpopBench protocol)"].methods == 5
    )  # without dfr, another algorithm there, and adversarial


def test_the_report_says_first_what_it_cannot_show(made_up):
    content = made_up(METHODS, reference=[0.7, 0.7, 0.69], left_out={"contrastive": "needs twins"})
    text = to_markdown(content, [Agreement("v1: signs-text", 26, 0.5, (0.1, 0.8), 0.2, (-0.3, 0.6))], "digits.png")
    assert text.index("What this cannot show") < text.index("## Data") < text.index("## Methods")
    assert "Worst-group accuracy is 0.21 (adversarial) to 0.61 (dfr). ERM has 0.31." in text
    assert "without the correlation it has 0.70" in text
    assert "goes with the class in 95% of train" in text
    assert "- contrastive: needs twins" in text
    assert "![Samples of every group](digits.png)" in text
    (line,) = (line for line in text.splitlines() if line.startswith("| dfr"))
    assert "0.610 (" in line
    assert "val_groups" in line
    (line,) = (line for line in text.splitlines() if line.startswith("| v1: signs-text"))
    assert "0.50 (0.10 to 0.80)" in line
    assert "0.20 (-0.30 to 0.60)" in line
    assert "Median over" not in text


def test_medians_are_over_the_four_core_data_sets(made_up, suite):
    found = agreements(figures_of(made_up(METHODS)), suite, "planted")
    core = [each for each in found if each.core]
    assert len(core) == 4
    text = to_markdown(made_up(METHODS), found, None)
    rho, within = np.median([each.rho for each in core]), np.median([each.within for each in core])
    assert f"MultiNLI and CivilComments: {rho:.2f}, within access tiers {within:.2f}." in text


def test_methods_with_different_numbers_of_worlds_are_compared_on_those_that_all_have(made_up, suite):
    figures = figures_of(made_up(METHODS))
    shorter = figures | {"erm": figures["erm"]._replace(worst=figures["erm"].worst[:2])}
    cut = {name: each._replace(worst=each.worst[:2]) for name, each in figures.items()}
    assert agreements(shorter, suite, "planted") == agreements(cut, suite, "planted")


def test_own_splits_and_no_agreement_are_said(made_up):
    content = made_up({})
    content = content.model_copy(update={"data": content.data.model_copy(update={"sampled": False})})
    text = to_markdown(content, [], None)
    assert "Worlds differ in the training seed alone" in text
    assert "No method has figures." in text
    assert "No other ranking shares five methods with this one." in text


def test_the_ranking_reads_as_published_figures(made_up, tmp_path):
    path = tmp_path / "anchor.csv"
    path.write_text(to_csv(as_published(made_up(METHODS))))
    published = read_published(path)
    assert len(published) == len(METHODS)
    ((source, table),) = worst_group_tables(published).items()
    assert (source.protocol, source.dataset) == (PROTOCOL, "planted")
    assert table == pytest.approx({n: 100 * np.mean(row) for n, (_, row) in METHODS.items() if n != "adversarial"})
    assert published[0].err == pytest.approx(1 / np.sqrt(3), abs=0.01)
