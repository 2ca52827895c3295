import pkgutil

import pytest

import spurgen.baselines
from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.validity.published import (
    BASELINE_OF,
    SUBPOPBENCH,
    WGA,
    PublishedMetric,
    read_published,
    worst_group_tables,
)


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
