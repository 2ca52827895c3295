"""The time of `spurgen evaluate` on large tables, wall time on an idle machine."""

import numpy as np
import pandas as pd
import pytest

from spurgen.harness.cli import main


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
