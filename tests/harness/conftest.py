"""Made-up experiments and results, submissions in worker processes, and the command line as a user meets it."""

import copy
import shlex
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import tomli_w

from spurgen.benchmark.contract import Batch
from spurgen.benchmark.result import ConsistencyCheck, Environment, Provenance, Report, Result
from spurgen.benchmark.task import Task
from spurgen.benchmark.worlds.pictograms import make_scenario
from spurgen.generators.world import world_of
from spurgen.harness.board.rows import groups_on_test
from spurgen.harness.cli import main
from spurgen.harness.experiments.experiment import Experiment, Method
from spurgen.harness.experiments.summary import summarize
from spurgen.harness.results.answered import answered
from spurgen.harness.results.identity import submission_digest
from spurgen.harness.results.rows import make_task_row
from spurgen.harness.results.store import Store
from spurgen.harness.sandbox.limits import Limits
from spurgen.harness.sandbox.process import Worker

ENVIRONMENT = Environment(python="3.11", machine="a machine", packages={"numpy": "2.0"}, spurgen="0.1")
PROVENANCE = Provenance(
    finished="2026-01-01T00:00:00+00:00", environment=ENVIRONMENT, seconds={"fit": 1.0},
    consistency=ConsistencyCheck(worker="fresh"),
)  # fmt: skip


@pytest.fixture(scope="session")
def make_experiment():
    """Return a function that makes an experiment's record from made-up answers, with nothing trained.

    `methods` maps names to changes of `quality` (share of right answers), `sss`, `access`, `checks`, `selection`,
    `curves` (of a seed), `error` (of seed 0).
    """
    fields = {
        "suite": "none", "name": "small", "seed": 11, "num_classes": 3, "image_size": 32,
        "channels": {"color": {"values": 3}, "background": {"values": 3}},
        "environments": [{"name": "one", "strength": {"color": 0.9}}, {"name": "two"}],
        "splits": {"train": 60, "val": 30, "test_per_group": 20, "twins": 120},
    }  # fmt: skip

    def outcome(task, groups, name, seed, *, quality=0.8, sss=0.2, access="none", **more):
        rng = np.random.default_rng([seed, *name.encode()])
        correct = rng.random(len(groups)) < quality
        means = {"ig": -0.5} | {f"sss/{channel}": sss * (k + 1) for k, channel in enumerate(task.channels)}
        samples = {"correct": correct, "predicted": predictions(task.in_world(seed), groups, correct)}
        bases = task.scenario.splits.twins
        samples |= {key: mean + 0.02 * rng.normal(size=bases) for key, mean in means.items()}
        metrics, channels, counts = metrics_of(task.in_world(seed), samples)
        report = Report(
            curves=more.get("curves", lambda _: ())(seed),
            checks=more.get("checks", {}),
            selection=more.get("selection"),
        )
        fields = {"metrics": metrics, "channels": channels, "groups": counts}
        if seed == 0 and "error" in more:
            fields, samples = {"error": more["error"]}, {}
        result = Result(
            suite="none", task=task.name, submission=name, spec=f"{name}.py", options={}, access=access, seed=seed,
            identity=f"{seed}", data_sha256="0", submission_sha256="0", isolation="process", report=report,
            provenance=PROVENANCE.model_copy(
                update={
                    "seconds": {"fit": 1.0 + seed, "ask": 0.5},
                    "environment": ENVIRONMENT.model_copy(update={"device": more.get("device", "cpu")}),
                }
            ),
            **fields,
        )  # fmt: skip
        return result, samples

    def make(methods, seeds=(0, 1, 2, 3, 4), modality="image", **changes):
        scenario = make_scenario("test", **(fields | changes))
        task = Task(f"small-{modality}", scenario, modality)
        groups = groups_on_test(task)
        rows = {
            name: make_task_row([outcome(task, groups, name, seed, **how) for seed in seeds])
            for name, how in methods.items()
        }
        described = tuple(Method(name, f"{name}.py", {"lr": 0.01}) for name in methods)
        return summarize(Experiment("exp", task, described, tuple(seeds), "cpu", Path("."), "spurgen run --x"), rows)

    return make


def predictions(task, groups, correct, follows=(), uses=0.7):
    """Return the predicted classes of all asked parts of a world of pictograms, uint8 (1, n).

    `follows` maps channels to the share of twins that are answered as their value says, by default .2 of each; all
    others are answered right, but for core twins, of which the first `uses` are.
    """
    world, labels = world_of(task.scenario), groups >> len(task.channels)
    bases = labels[: task.scenario.splits.twins]
    parts = {"test": np.where(correct, labels, (labels + 1) % task.num_classes)}
    exchanged, first = world.factors("twins/core").labels, np.arange(len(bases)) < round(uses * len(bases))
    parts |= {"twins/core": np.where(first, exchanged, bases), "twins/ctrl": bases, "twins/unc": bases}
    for name in task.channels:
        aligned = world.goes[name]
        answers = bases.repeat(len(aligned)).reshape(len(bases), -1)
        rivals = np.argwhere(aligned.any(axis=1) & ~aligned.T[bases])
        base, value = rivals[: round(dict(follows).get(name, 0.2) * len(rivals))].T
        answers[base, value] = aligned.argmax(axis=1)[value]
        parts[f"twins/channel/{name}"] = answers.T.ravel()
    return np.concatenate([parts[part] for part in task.scenario.asked(task.modality)])[None, :].astype(np.uint8)


def metrics_of(task, samples):
    """Return the metrics, the metrics by channel, and the counts per group that follow from samples, in a world."""
    found = answered(task, samples["predicted"][0].astype(np.int64))
    channels = {
        name: {"sss": float(samples[f"sss/{name}"].mean()), "follows": found.follows[name]} for name in task.channels
    }
    sss = float(np.mean([row["sss"] for row in channels.values()]))
    metrics = found.metrics | {"sss": sss, "ig": float(samples["ig"].mean())}
    return metrics, channels, tuple(found.counts.correct.tolist())


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
    """Change to an empty folder with a small scenario file in it; return the folder."""
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def unwritable(tmp_path):
    """A folder that no system can make, since what it would lie in is a file."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "none"


@pytest.fixture
def nothing_runs(monkeypatch):
    """Fail if a job is run."""

    def fail(*_):
        raise AssertionError("a job ran")

    monkeypatch.setattr("spurgen.harness.machine.pool.run", fail)


@pytest.fixture
def run_command(stderr):
    """Return a function that runs `spurgen run` and returns its exit code and its stderr, on one line."""

    def run(line):
        code = main(["run", *shlex.split(line)])
        return code, stderr()

    return run


@pytest.fixture
def run_jobs(suite_file, tmp_path):
    """Return a function that runs a command on the tiny suite, with its rows and splits beside it."""

    def run(command, *more, tasks=("small-text",), seeds="0"):
        paths = ["--results", str(tmp_path / "results")]
        asked = ["--suite", suite_file, "--seeds", seeds, "--cluster", "serial", "--device", "cpu"]
        return main([command, *asked, *(["--tasks", *tasks] if tasks else []), *paths, *more])

    return run


@pytest.fixture
def score(run_jobs):
    """Return a function that scores a submission on the tiny suite."""
    return lambda *more, **named: run_jobs("score", *more, **named)


@pytest.fixture(scope="session")
def read_table():
    """Return a function that reads a Markdown table: a dict of strings per line."""

    def read(table):
        head, _, *lines = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines())
        return [dict(zip(head, line, strict=True)) for line in lines]

    return read


@pytest.fixture(scope="session")
def make_outcome():
    """Return a function that makes a result of the tiny suite and its samples, from which its metrics follow.

    `quality`: the probability that a test prediction is correct, or the predictions, bool (60,). `arrays` replaces
    sample arrays, real (24,); `follows`, `uses`: as of `families`. Other arguments replace fields of the result.
    """

    def answers(where, seed, quality, follows, uses, arrays=()):
        groups, world = groups_on_test(where), where.in_world(seed)
        drawn = np.random.default_rng([seed, int(np.mean(quality) * 100)]).random(len(groups)) < quality
        correct = drawn if np.ndim(quality) == 0 else np.asarray(quality)
        means = {"ig": -0.5, "sss/color": 0.3, "sss/background": 0.1}
        samples = {name: np.full(where.scenario.splits.twins, mean) for name, mean in means.items()}
        samples |= {"correct": correct, "predicted": predictions(world, groups, correct, follows, uses)} | dict(arrays)
        return samples, *metrics_of(world, samples)

    known = cache(answers)  # boards of many tests have the same rows

    def make(frozen, quality, seed=0, task="small-text", arrays=(), follows=(), uses=0.7, **changes):
        where = frozen.task(task)
        asked = where, seed, quality, tuple(dict(follows).items()), uses
        made = answers(*asked, arrays) if arrays or np.ndim(quality) else copy.deepcopy(known(*asked))
        samples, metrics, channels, counts = made
        fields = {
            "suite": frozen.name, "task": task, "submission": f"m{np.mean(quality)}", "spec": "m.py", "options": {},
            "access": "none", "seed": seed, "identity": f"{seed}" * 64, "submission_sha256": "0",
            "isolation": "process", "data_sha256": frozen.data_digest(where),
            "metrics": metrics, "channels": channels,
            "groups": counts,
            "provenance": PROVENANCE,
        }  # fmt: skip
        return Result(**(fields | changes)), samples

    return make


@pytest.fixture(scope="session")
def make_row(make_outcome):
    """Return a function that makes a row of the tiny suite: `make_outcome` of every seed, by default of seed 0."""

    def make(frozen, quality, seeds=(0,), **changes):
        return make_task_row([make_outcome(frozen, quality, seed, **changes) for seed in seeds])

    return make


@pytest.fixture(scope="session")
def baseline(as_baseline):
    """Fields of a result that make it one of our baseline ERM."""
    return as_baseline("erm")


@pytest.fixture(scope="session")
def as_baseline():
    """Return a function that returns the fields of a result that make it one of our method of that name."""

    def fields(name):
        spec = f"spurgen.baselines.{name}:submission"
        return {"spec": spec, "submission_sha256": submission_digest(spec)}

    return fields


@pytest.fixture(scope="session")
def keep_row():
    """Return a function that writes outcomes to a folder of results, as one row, and returns the store."""

    def keep(results, *outcomes, label="model", kind=""):
        store = Store(results, outcomes[0][0].suite, kind)
        for result, samples in outcomes:
            store.add(label, result, samples, lambda old, seed=result.seed: old.seed != seed)
        return store

    return keep


@pytest.fixture(scope="session")
def ask_worker():
    """Return a function that asks a submission about a batch, by default four captions, and returns its answer."""

    def ask(spec, limits, what="predict", width=3, batch=None):
        with Worker(spec, {}, "a-task", limits) as worker:
            worker.send(what, Batch(None, ["a", "b", "c", "d"]) if batch is None else batch)
            return worker.answer(4, width, "test")

    return ask


@pytest.fixture(scope="session", params=[pytest.param("bubblewrap", marks=pytest.mark.needs("bubblewrap")), "process"])
def ask(request, ask_worker):
    """`ask_worker`, first sandboxed by bubblewrap and then as a plain process."""
    return lambda spec, *more, **named: ask_worker(spec, Limits(isolation=request.param), *more, **named)


@pytest.fixture
def two_places(tmp_path):
    """Return a function that writes a collection of two classes and two places, and returns its scenario file.

    Features are the place, exactly, and the class if it is `shown`, else zeros; but in the first `strays` of the
    samples that are no counterexamples the place looks like the other.
    """

    def make(name="places", *, shown=True, strays=0, sizes=(80, 24, 40), worlds=2, **fields):
        most, counter, tested = sizes
        parts = {
            "train": (most, False), "train/counter": (counter, True), "val": (20, False), "val/counter": (20, True),
            "test/agree": (tested, False), "test/mislead": (tested, True),
        }  # fmt: skip
        labels = np.concatenate([np.arange(size) % 2 for size, _ in parts.values()])
        misleads = np.concatenate([np.full(size, wrong) for size, wrong in parts.values()])
        values = labels ^ misleads
        seen = values ^ (np.arange(len(labels)) < strays)
        arrays = {f"rows/{part}": np.arange(size) for part, (size, _) in parts.items()}
        starts = dict(zip(parts, np.cumsum([0, *(size for size, _ in parts.values())]), strict=False))
        arrays = {row: places + starts[row.removeprefix("rows/")] for row, places in arrays.items()}
        arrays |= {row: np.stack([arrays[row]] * worlds) for row in ("rows/train/counter", "rows/val/counter")}
        features = np.stack([seen, labels * shown], axis=1).astype(np.float32)
        arrays |= {"labels": labels, "values": values, "features": features, "goes": np.eye(2, dtype=bool)}
        np.savez(tmp_path / f"{name}.npz", value_names=np.array(["meadow", "shed"]), **arrays)
        described = {
            "suite": "own", "name": name, "seed": 0, "table": f"{name}.npz", "classes": ["animal", "tool"],
            "sha256": sha256((tmp_path / f"{name}.npz").read_bytes()).hexdigest(), "averaged": 2, "shortcut": "place",
            "rungs": [0, 4, 16], "worlds": worlds, "sizes": {part: size for part, (size, _) in parts.items()},
        }  # fmt: skip
        path = tmp_path / f"{name}.toml"
        path.write_text(tomli_w.dumps(described | fields))
        return str(path)

    return make
