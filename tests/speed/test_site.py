"""Building the site from all results, building it again, and opening it; wall time, on an idle machine."""

import shutil
from statistics import median

from spurgen.harness.cli import main

PAINTS = "performance.getEntriesByName('first-contentful-paint')"


def test_speed_of_the_site(benchmark, measure, tmp_path, browser):
    command = ["site", "--out", str(tmp_path / "site")]
    benchmark.pedantic(lambda: main(command), setup=lambda: shutil.rmtree(tmp_path / "site", True), rounds=3)
    if benchmark.stats:
        measure("building the site", benchmark.stats["median"], 10, "s")
    paints = []
    for _ in range(5):
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(f"{(tmp_path / 'site').as_uri()}/index.html")
            page.wait_for_function(f"{PAINTS}.length")
            paints.append(page.evaluate(f"{PAINTS}[0].startTime") / 1000)
    measure("first paint of the leaderboard", median(paints), 0.3, "s")
    assert len(paints) == 5


def test_speed_of_the_site_when_nothing_changed(benchmark, measure, tmp_path):
    """The command compares what it would write with what is there."""
    command = ["site", "--out", str(tmp_path / "site")]
    assert main(command) == 0
    benchmark.pedantic(lambda: main(command), rounds=3)
    if benchmark.stats:
        measure("building the site again", benchmark.stats["median"], 3, "s")
