"""Made-up experiments and cells, and the command line as a user meets it."""

import shlex
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from spurgen.benchmark.result import Cell, Report, pack
from spurgen.benchmark.scenario import make_scenario
from spurgen.benchmark.suite import Task
from spurgen.generators import sample
from spurgen.harness.cli import main
from spurgen.harness.experiments.checks import Method
from spurgen.harness.experiments.experiment import Experiment
from spurgen.harness.experiments.summary import make_record
from spurgen.harness.results.store import cell_file, write_cell
from spurgen.harness.running.task_data import task_groups


@pytest.fixture(scope="session")
def make_experiment():
    """Returns a function that makes an experiment's record from made-up answers, with nothing trained.

    `methods` maps names to changes of `quality` (share of right answers), `sss`, `placebo`, `core`, `access`,
    `checks`, `selection`, `curves` (of a seed), `error` (of seed 0).
    """
    fields = {
        "suite": "none", "name": "small", "seed": 11, "num_classes": 3, "image_size": 32,
        "channels": {"color": {"values": 3}, "background": {"values": 3}},
        "environments": [{"name": "one", "strength": {"color": 0.9}}, {"name": "two"}],
        "splits": {"train": 60, "val": 30, "test_per_group": 20, "twins": 120},
    }  # fmt: skip

    def cell(task, groups, name, seed, *, quality=0.8, sss=0.2, placebo=0.05, core=0.6, access="none", **more):
        rng = np.random.default_rng([seed, *name.encode()])
        correct = rng.random(len(groups)) < quality
        counts = np.bincount(groups, correct, task.num_groups).astype(int)
        bases = task.scenario.splits.twins
        means = {"placebo": placebo, "core": core, "ig": -0.5, "cra": 0.4, "flip": 0.2}
        means |= {f"sss/{channel}": sss * (k + 1) for k, channel in enumerate(task.channels)}
        kept = {key: mean + 0.02 * rng.normal(size=bases) for key, mean in means.items()}
        by_channel = {c: {"sss": float(kept[f"sss/{c}"].mean())} for c in task.channels}
        halves = {"sss_image": 0.1, "sss_caption": 0.2} if task.modality == "multimodal" else {}
        figures = {
            "accuracy": float(correct.mean()), "wga": float((counts / 20).min()),
            "sss": float(np.mean([row["sss"] for row in by_channel.values()])),
            "sss_placebo": float(kept["placebo"].mean()), "core_sensitivity": float(kept["core"].mean()),
            "ig": float(kept["ig"].mean()), "cra": float(kept["cra"].mean()), "flip_rate": float(kept["flip"].mean()),
        }  # fmt: skip
        return Cell(
            suite="none", task=task.name, submission=name, spec=f"{name}.py", options={}, access=access, seed=seed,
            identity=f"{seed}", data_sha256="0", submission_sha256="0", isolation="process", figures=figures,
            channels={c: row | halves for c, row in by_channel.items()}, groups=tuple(counts.tolist()),
            samples={"correct": pack(correct), **{key: pack(array) for key, array in kept.items()}},
            report=Report(curves=more.get("curves", lambda _: ())(seed), checks=more.get("checks", {}),
                          selection=more.get("selection")),
            provenance={"seconds": {"fit": 1.0 + seed, "ask": 0.5}, "device": more.get("device", "cpu")},
        )  # fmt: skip

    def make(methods, seeds=(0, 1, 2, 3, 4), modality="image", **changes):
        scenario = make_scenario("test", **(fields | changes))
        task = Task(f"small-{modality}", scenario, modality)
        test = sample(scenario, "test", range(scenario.num_test), images=False, captions=False)
        groups = task_groups(task, test.group_ids)
        cells = {name: [cell(task, groups, name, seed, **how) for seed in seeds] for name, how in methods.items()}
        for name, how in methods.items():
            if "error" in how:
                gone = {"error": how["error"], "figures": {}, "channels": {}, "samples": {}, "provenance": {}}
                cells[name][0] = cells[name][0].model_copy(update=gone)
        found = tuple(Method(name, f"{name}.py", {"lr": 0.01}) for name in methods)
        return make_record(Experiment("exp", task, found, tuple(seeds), "cpu", Path("."), "spurgen run --x"), cells)

    return make


SMALL = """
suite = "none"
name = "small"
seed = 11
num_classes = 2
image_size = 32
channels = { color = { values = 3 }, shape = { values = 3, carrier = "image" } }
environments = [{ name = "one", strength = { color = 0.9 } }, { name = "two" }]
splits = { train = 40, val = 10, test_per_group = 4, twins = 8 }
"""


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Goes to an empty folder with a small scenario file in it, and returns the folder."""
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def stderr(capsys):
    """Returns a function that returns what was told on stderr since it was last asked, on one line."""
    return lambda: " ".join(capsys.readouterr().err.split())


@pytest.fixture
def unwritable(tmp_path):
    """A folder that no system can make, since what it would lie in is a file."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "none"


@pytest.fixture
def run_command(stderr):
    """Returns a function that runs `spurgen run` and returns its exit code and what it told, on one line."""

    def run(line):
        code = main(["run", *shlex.split(line)])
        return code, stderr()

    return run


@pytest.fixture
def run_cells(suite_file, tmp_path):
    """Returns a function that runs a command on the tiny suite, its rows and splits beside it."""

    def run(command, *more, tasks=("small-text",), seeds="1"):
        paths = ["--results", str(tmp_path / "results"), "--data", str(tmp_path / "data")]
        asked = ["--suite", suite_file, "--seeds", seeds, "--jobs", "1", "--device", "cpu"]
        return main([command, *asked, *(["--tasks", *tasks] if tasks else []), *paths, *more])

    return run


@pytest.fixture
def score(run_cells):
    """Returns a function that scores a submission on the tiny suite."""
    return partial(run_cells, "score")


@pytest.fixture(scope="session")
def read_table():
    """Returns a function that reads a Markdown table: a dict of strings per line."""

    def read(table):
        head, _, *lines = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines())
        return [dict(zip(head, line, strict=True)) for line in lines]

    return read


@pytest.fixture(scope="session")
def keep_cell():
    """Returns a function that writes a cell to its place in a folder of rows, and returns its path."""

    def keep(folder, cell, label="model"):
        path = cell_file(folder, cell.suite, label, cell.task, cell.seed, cell.identity)
        write_cell(path, cell)
        return path

    return keep


@pytest.fixture(scope="session")
def make_cell():
    """Returns a function that makes a cell of the tiny suite, its figures following from its samples.

    `quality`: the probability that a test answer is right, or the answers, bool (60,). `kept` replaces what is
    kept of the base samples, real (24,); its means are the figures.
    """

    def make(frozen, quality, seed=0, task="small-text", kept=(), **changes):
        where = frozen.task(task)
        test = sample(where.scenario, "test", range(where.scenario.num_test), images=False, captions=False)
        groups = task_groups(where, test.group_ids)
        drawn = np.random.default_rng([seed, int(np.mean(quality) * 100)]).random(len(groups)) < quality
        correct = drawn if np.ndim(quality) == 0 else np.asarray(quality)
        counts = np.bincount(groups, correct).astype(int)
        means = {"placebo": 0.1, "ig": -0.5, "core": 0.7, "cra": 0.4, "flip": 0.2}
        means |= {"sss/color": 0.3, "sss/background": 0.1}
        arrays = {name: np.full(where.scenario.splits.twins, mean) for name, mean in means.items()} | dict(kept)
        by_channel = {name: float(arrays[f"sss/{name}"].mean()) for name in where.channels}
        aligned = float((counts / np.bincount(groups)).reshape(3, 4)[:, 0].mean())
        fields = {
            "suite": frozen.name, "task": task, "submission": f"m{np.mean(quality)}", "spec": "m.py", "options": {},
            "access": "none", "seed": seed, "identity": f"{seed}" * 64, "submission_sha256": "0",
            "isolation": "process", "data_sha256": frozen.manifest.scenarios["small"].digest,
            "figures": {
                "accuracy": float(correct.mean()), "wga": float((counts / np.bincount(groups)).min()),
                "sss": float(np.mean(list(by_channel.values()))), "sss_placebo": float(arrays["placebo"].mean()),
                "core_sensitivity": float(arrays["core"].mean()), "ig": float(arrays["ig"].mean()),
                "cra": float(arrays["cra"].mean()), "flip_rate": float(arrays["flip"].mean()),
            },
            "channels": {name: {"sss": mean, "pull": 0.1} for name, mean in by_channel.items()},
            "patterns": {"aa": aligned}, "groups": tuple(counts.tolist()), "provenance": {"seconds": {"fit": 1.0}},
            "samples": {"correct": pack(correct), **{name: pack(array) for name, array in arrays.items()}},
        }  # fmt: skip
        return Cell(**(fields | changes))

    return make
