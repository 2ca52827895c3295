"""Building the site from all results, building it again, and opening it; wall time, on an idle machine."""

import shutil
from statistics import median

import pytest

from spurgen.harness.cli import main

PAINTS = "performance.getEntriesByName('first-contentful-paint')"


@pytest.mark.parametrize("suite", ["v2", "v1"])
def test_speed_of_the_site(benchmark, measure, tmp_path, suite, browser):
    """The largest results that there are, those of v1, and the suite that the site shows."""
    command = ["site", "--suite", suite, "--out", str(tmp_path / "site")]
    benchmark.pedantic(lambda: main(command), setup=lambda: shutil.rmtree(tmp_path / "site", True), rounds=3)
    if benchmark.stats:
        measure(f"building the site of {suite}", benchmark.stats["median"], 20, "s")
    paints = []
    for _ in range(5):
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(f"{(tmp_path / 'site').as_uri()}/index.html")
            page.wait_for_function(f"{PAINTS}.length")
            paints.append(page.evaluate(f"{PAINTS}[0].startTime") / 1000)
    measure(f"first paint of the leaderboard of {suite}", median(paints), 1, "s")
    assert len(paints) == 5


def test_speed_of_the_site_when_nothing_changed(benchmark, measure, tmp_path):
    """The command compares what it would write with what is there."""
    command = ["site", "--suite", "v1", "--out", str(tmp_path / "site")]
    assert main(command) == 0
    benchmark.pedantic(lambda: main(command), rounds=3)
    if benchmark.stats:
        measure("building the site of v1 again", benchmark.stats["median"], 3, "s")
