"""A small suite of ladders and one of scenarios with rows, and their sites."""

import shutil

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import main
from spurgen.harness.site.material import gather

FOLLOW = {
    "erm": (1.0, 0.9, 0.6), "focal": (1.0, 0.85, 0.5), "jtt": (1.0, 0.7, 0.3), "dfr": (0.9, 0.6, 0.4),
    "subg": (1.0, 0.5, 0.1), "group_dro": (0.9, 0.4, 0.05), "contrastive": (0.05, 0.05, 0.0),
}  # fmt: skip
"""Shares of answers that follow the shortcuts, by rung."""
GIVEN = {
    "jtt": "val_groups", "dfr": "val_groups", "subg": "train_groups", "group_dro": "train_groups",
    "contrastive": "twins",
}  # fmt: skip
HOSTILE = "\"'><img src=x onerror=alert(1)>\N{RIGHT-TO-LEFT OVERRIDE}"
LOUD = "__loud__"
"""A name that a file of rows may have, and that Markdown reads as more than text."""
ERROR = "<script>document.title = 'taken'</script>"
TINY = """
[tasks]
small-image = { scenario = "small", modality = "image", role = "main" }
small-text = { scenario = "small", modality = "text", role = "main" }

[overall]
both = ["small-image", "small-text"]
"""


@pytest.fixture(scope="session")
def steps_file(ladder_folder):
    """The path of the suite of two ladders, of captions and of pictures."""
    return str(ladder_folder / "steps.toml")


@pytest.fixture(scope="session")
def steps_results(steps_file, make_rung_outcome, as_baseline, keep_row, tmp_path_factory):
    """A folder of rows: our methods, a stranger's with hostile names, one of two worlds, and one that failed."""
    suite, folder = load_suite(steps_file), tmp_path_factory.mktemp("results")
    rungs = (0, 4, 16)

    def keep(label, follow, worlds=5, ladders=("few-text", "few-image"), **fields):
        made = [
            make_rung_outcome(suite, share, world, task=f"{ladder}-{m}", **fields)
            for ladder in ladders
            for m, share in zip(rungs, follow, strict=True)
            for world in range(worlds)
        ]
        keep_row(folder, *made, label=label)

    for label, follow in FOLLOW.items():
        keep(label, follow, access=GIVEN.get(label, "none"), submission=label, **as_baseline(label))
    keep(LOUD, (0.3, 0.2, 0.1), submission=HOSTILE)
    keep("short", (0.3, 0.2, 0.1), 2, ("few-text",), submission="short")
    keep("gone", (1.0, 1.0, 1.0), 1, ("few-image",), submission="gone", error=ERROR)
    return folder


@pytest.fixture(scope="session")
def steps_material(steps_file, steps_results):
    """What the pages of the suite of ladders are made from."""
    return gather(load_suite(steps_file), steps_results)


@pytest.fixture
def climb(steps_material):
    """The ladder of captions."""
    return steps_material.ladders["few-text"]


@pytest.fixture(scope="session")
def tiny_site(frozen_folder, make_outcome, as_baseline, keep_row, make_site, tmp_path_factory):
    """A site of two scenario tasks and their mean: two of our methods, and one that failed."""
    folder, results = tmp_path_factory.mktemp("tiny") / "suites", tmp_path_factory.mktemp("tiny-results")
    shutil.copytree(frozen_folder, folder)
    (folder / "tiny.toml").write_text(TINY)
    suite = load_suite(str(folder / "tiny.toml"))
    for label, quality in {"erm": 0.5, "focal": 0.7}.items():
        made = [make_outcome(suite, quality, seed, task=task, submission=label, **as_baseline(label))
                for task in suite.tasks for seed in range(5)]  # fmt: skip
        keep_row(results, *made, label=label)
    keep_row(results, make_outcome(suite, 0.5, task="small-image", error=ERROR), label="gone")
    return make_site(str(folder / "tiny.toml"), results)


@pytest.fixture(scope="session")
def make_site(tmp_path_factory):
    """Return a function that runs the command and returns the folder of the site."""

    def make(suite, results, *flags):
        folder = tmp_path_factory.mktemp("site") / "site"
        assert main(["site", "--suite", suite, "--results", str(results), "--out", str(folder), *flags]) == 0
        return folder

    return make


@pytest.fixture(scope="session")
def steps_site(make_site, steps_file, steps_results):
    return make_site(steps_file, steps_results)
