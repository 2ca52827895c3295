import json
from pathlib import Path

import pytest
import staging

from spurgen.baselines import group_dro
from spurgen.harness import metrics

INDEX = """# Index

## Start

- [Overview](../README.md): what it is
- [Metrics](metrics.md)

## Nothing

No pages here.

## Python

- [Methods](../baselines)
"""
FILES = {
    "README.md": "# Thing\n\nSee [docs/metrics.md](docs/metrics.md#wga).\n",
    "docs/index.md": INDEX,
    "docs/metrics.md": "# Metrics\n\n## WGA\n\n[code](../generators/fog.py) [all](../adapters)\n\n![plot](plot.png)\n",
    "docs/plot.png": "PNG",
    "generators/fog.py": "FOG = 1\n",
    "adapters/timm.py": "TIMM = 1\n",
    "adapters/__init__.py": "",
    "submissions/README.md": "# From a model to a row\n",
    "benchmark/leaderboard.md": "# Leaderboard\n",
}


@pytest.fixture
def root(tmp_path):
    """A repository with a few pages, a picture, a source file and a folder of them."""
    (tmp_path / "baselines").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path.resolve()


@pytest.fixture
def staged(root, monkeypatch):
    """The sources of its site, without the pages of the Python API."""
    monkeypatch.setattr(staging, "write_api", lambda _: None)
    staging.stage(root, root / "out")
    return root / "out"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("docs/metrics.md", "metrics.md"),
        ("docs/plot.png", "plot.png"),
        ("README.md", "README.md"),
        ("benchmark/CALIBRATION.md", "benchmark/CALIBRATION.md"),
        ("submissions/README.md", "submitting.md"),
        ("generators/fog.py", "source/generators/fog.py.md"),
        ("adapters", "source/adapters.md"),
        ("baselines", "api/baselines.md"),
        ("baselines/erm.py", "api/baselines/erm.md"),
    ],
)
def test_every_path_has_its_place_on_the_site(path, place):
    assert staging.address(Path(path)) == place


@pytest.mark.parametrize(
    ("page", "text", "wanted"),
    [
        ("README.md", "[the metrics](docs/metrics.md#wga)", "[the metrics](metrics.md#wga)"),
        ("docs/metrics.md", "[a](../README.md)", "[a](README.md)"),
        ("docs/metrics.md", "[README.md](../README.md)", "[](README.md)"),
        ("docs/metrics.md", "[a](../generators/fog.py)", "[a](source/generators/fog.py.md)"),
        ("docs/metrics.md", "[a](../baselines)", "[a](api/baselines.md)"),
        ("submissions/README.md", "[a](../docs/metrics.md)", "[a](metrics.md)"),
        ("docs/metrics.md", "![a](plot.png)", "![a](plot.png)"),
        ("README.md", "[places](benchmark/leaderboard.md)", "<a href='../index.html#boards'>places</a>"),
        ("generators/a.md", "[l.md](../benchmark/leaderboard.md)", "<a href='../../index.html#boards'>the board</a>"),
        ("docs/metrics.md", "[a](#wga), [b](https://example.org/x.md)", "[a](#wga), [b](https://example.org/x.md)"),
        ("docs/metrics.md", "```\n[a](gone.md)\n```\n", "```\n[a](gone.md)\n```\n"),
    ],
)
def test_links_are_rewritten_for_the_site(root, page, text, wanted):
    assert staging.relink(text, Path(page), root)[0] == wanted


def test_a_link_that_leads_nowhere_is_an_error_that_names_page_and_link(root):
    with pytest.raises(FileNotFoundError, match=r"docs/metrics\.md: the link 'gone\.md' leads to no file"):
        staging.relink("[a](gone.md)", Path("docs/metrics.md"), root)


def test_the_contents_are_the_links_under_each_heading_of_the_index():
    assert staging.contents(INDEX) == {
        "Start": {"../README.md": "Overview", "metrics.md": "Metrics"},
        "Python": {"../baselines": "Methods"},
    }


def test_the_index_gets_a_hidden_table_of_contents_per_heading(staged):
    text = (staged / "index.md").read_text("utf-8")
    assert "```{toctree}\n:hidden:\n:caption: Start\n\nOverview <README>\nMetrics <metrics>\n```" in text
    assert ":caption: Python\n\nMethods <api/baselines>\n" in text


def test_all_that_pages_link_to_is_staged(staged):
    names = sorted(path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file())
    code = ["source/adapters.md", "source/generators/fog.py.md"]
    assert names == ["README.md", "index.md", "metrics.md", "plot.png", *code]
    assert "```````" not in (staged / code[1]).read_text("utf-8")
    assert "``````python\nFOG = 1\n``````" in (staged / code[1]).read_text("utf-8")
    assert "## `timm.py`\n\n``````python\nTIMM = 1" in (staged / code[0]).read_text("utf-8")


def test_only_pages_outside_the_table_of_contents_are_orphans(staged):
    orphans = [path.name for path in staged.rglob("*.md") if path.read_text("utf-8").startswith("---\norphan: true")]
    assert sorted(orphans) == ["adapters.md", "fog.py.md"]


def test_links_in_the_text_of_a_notebook_are_rewritten(root):
    cells = [{"cell_type": "markdown", "source": ["[a](../README.md)\n", "b"]}]
    (root / "docs" / "nb.ipynb").write_text(json.dumps({"cells": cells}))
    assert staging._write(Path("docs/nb.ipynb"), root, root / "out", set()) == {Path("README.md")}
    made = json.loads((root / "out" / "nb.ipynb").read_text())
    assert made["cells"][0]["source"] == ["[a](README.md)\n", "b"]


def test_there_is_a_page_of_every_package_and_every_method(tmp_path):
    staging.write_api(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")} == {*staging.PAGES.values()}


def test_a_package_lists_every_public_name():
    text = staging.package("harness/metrics", "spurgen.harness.metrics")
    for name in metrics.__all__:
        assert f":: spurgen.harness.metrics.{name}\n" in text
    assert text.index("autoclass") < text.index("autofunction")


def test_the_list_of_methods_has_each_with_its_access_tier_and_its_summary():
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in staging.methods().splitlines()]
    for name, module in staging.METHODS.items():
        summary = module.__doc__.splitlines()[0]
        assert [f"[{name}](baselines/{name}.md)", f"`{module.submission.ACCESS}`", summary] in rows


def test_a_method_has_its_own_hyper_parameters_first_with_default_range_and_source():
    text = staging.method("group_dro")
    assert text.index("`eta`") < text.index("`epochs`")
    (row,) = [line for line in text.splitlines() if line.startswith("| `eta`")]
    assert [cell.strip() for cell in row.split("|")[2:-1]] == [
        f"`{group_dro.submission.HYPERPARAMETERS.eta}`", "0.0001 to 1", "log-uniform, 0.001 to 0.1",
        "Sagawa et al. 2020; SubpopBench 10^U(-3,-1)",
    ]  # fmt: skip
