"""The site, from all results, and `spurgen evaluate` on large tables; wall time, on an idle machine."""

import shutil
from statistics import median

import numpy as np
import pandas as pd
import pytest

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


@pytest.mark.parametrize(("runs", "samples", "limit"), [(1, 200_000, 5), (10, 10_000, 3)])
def test_speed_of_evaluating_predictions(benchmark, measure, tmp_path, runs, samples, limit):
    rng = np.random.default_rng(0)
    labels, places = rng.integers(0, 2, (2, samples))
    right = rng.random((runs, samples)) < np.where(labels == places, 0.95, 0.7)
    table = pd.DataFrame(
        {
            "run": np.repeat(np.arange(runs), samples),
            "key": np.tile(np.arange(samples), runs),
            "label": np.tile(labels, runs),
            "place": np.tile(places, runs),
            "prediction": np.where(right, labels, 1 - labels).ravel(),
        }
    )
    table.to_csv(tmp_path / "answers.csv", index=False)
    command = ["evaluate", str(tmp_path / "answers.csv"), "--attributes", "place", "--aligned", "place", "0=0", "1=1"]
    assert benchmark.pedantic(lambda: main(command), rounds=1 if benchmark.disabled else 3, warmup_rounds=1) == 0
    if benchmark.stats:
        measure(f"evaluating {runs} x {samples:,} predictions", benchmark.stats["median"], limit, "s")
