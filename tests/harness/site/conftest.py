"""Two small suites with rows, one of them of several worlds, their sites, and a browser that opens them from disk."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from spurgen.benchmark.ideal import dump_ideal
from spurgen.benchmark.manifest import dump_manifest
from spurgen.benchmark.result import Report
from spurgen.benchmark.suite import load_suite
from spurgen.generators import aligned_values
from spurgen.harness.board.by_unit import groups_on_test
from spurgen.harness.cli import main
from spurgen.harness.results.predicted import columns_of, families_of
from spurgen.harness.running.ideal import ideal_file
from spurgen.harness.site.material import gather
from spurgen.harness.splits.freeze import freeze

QUALITY = {"erm": 0.5, "focal": 0.55, "vrex": 0.6, "jtt": 0.7, "dfr": 0.9, "resample": 0.75, "group_dro": 0.95}
ACCESS = {
    "vrex": "envs", "jtt": "val_groups", "dfr": "val_groups", "resample": "train_groups", "group_dro": "train_groups",
}  # fmt: skip
HOSTILE = "\"'><img src=x onerror=alert(1)>\N{RIGHT-TO-LEFT OVERRIDE}"
FORMULA, LOUD = "=evil", "__loud__"
"""Names that a file of rows may have, and that a spreadsheet or Markdown reads as more than text."""
ERROR = "<script>document.title = 'taken'</script>"
WORLDS = """
suite = "many"
name = "pair"
seed = 7
worlds = 3
num_classes = 4
image_size = 32

[channels]
color = { values = 4, strength = 0.9 }
background = { values = 4, strength = 0.9, hidden = true }
shape = { values = 4, strength = 0.9, carrier = "image" }

[splits]
train = 80
val = 40
test_per_group = 3
twins = 24
"""
MANY = """
[tasks]
pair-image = { scenario = "pair", modality = "image", role = "main" }
"""
TINY = """
[tasks]
small-image = { scenario = "small", modality = "image", role = "main" }
small-text = { scenario = "small", modality = "text", role = "main" }
small-both = { scenario = "small", modality = "multimodal" }

[overall]
both = ["small-image", "small-text"]
"""
CURVES = tuple({"stage": "train", "epoch": float(k), "loss": 1 / k, "val_accuracy": 0.5 + k / 10} for k in (1, 2, 3))
REPORT = Report(curves=CURVES, checks={"loss fell": True}, selection="val_wga")
RULES = {"last": {"accuracy": 0.7, "wga": 0.2}, "val_wga": {"accuracy": 0.6, "wga": 0.4}}


def leaning(count, seed):
    """Return sample arrays of a model that follows the color on some samples."""
    follows = np.arange(count) % 3 == 0
    return {
        "pull/color": np.where(follows, 0.6, 0.05), "pull/background": np.full(count, 0.1 + seed / 100),
        "sss/color": np.where(follows, 0.5, 0.1), "cra": ~follows * 1.0, "core": np.full(count, 0.7),
    }  # fmt: skip


def with_predicted(task, outcome):
    """Return an outcome that has predicted classes too: of a model that follows the color on every third sample."""
    result, samples = outcome
    world, count = task.in_world(result.seed), families_of(task)
    labels = groups_on_test(task)[:count] >> len(task.channels)
    base = np.where(samples["correct"][:count], labels, (labels + 1) % world.scenario.num_classes)
    columns = columns_of(task)
    predicted = np.tile(base[:, None], 1 + sum(world.scenario.channels[name].values for name in task.channels))
    drawn_to = aligned_values(world.scenario, "color").argmax(axis=1)
    predicted[::3, columns["color"]] = drawn_to
    whole = (predicted == labels[:, None]).all(axis=1)
    made = samples | {"predicted": predicted.astype(np.uint8), "cra": np.append(whole, samples["cra"][count:])}
    metrics = result.metrics | {"cra": float(made["cra"].mean())}
    return result.model_copy(update={"metrics": metrics}), made


@pytest.fixture(scope="session")
def tiny_file(frozen_folder, tmp_path_factory):
    """The path of the tiny suite with main tasks, a set of tasks and its ideal observers."""
    folder = tmp_path_factory.mktemp("tiny") / "suites"
    shutil.copytree(frozen_folder, folder)
    path = folder / "tiny.toml"
    path.write_text(TINY)
    suite = load_suite(str(path))
    suite.ideal_file.write_text(dump_ideal(ideal_file(suite)))
    return str(path)


@pytest.fixture(scope="session")
def many_file(tmp_path_factory):
    """The path of a frozen suite of three worlds, whose core cue has two parts and one channel of which is hidden."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "many").mkdir()
    (folder / "many" / "pair.toml").write_text(WORLDS)
    (folder / "many.toml").write_text(MANY)
    suite = load_suite(str(folder / "many.toml"))
    suite.manifest_file.write_text(dump_manifest(freeze(suite, jobs=1)))
    suite.ideal_file.write_text(dump_ideal(ideal_file(suite)))
    return str(folder / "many.toml")


@pytest.fixture(scope="session")
def tiny_results(tiny_file, make_outcome, as_baseline, keep_row, tmp_path_factory):
    """A folder of rows: our methods, a stranger's with hostile names, one of two seeds, and one that failed."""
    suite, folder = load_suite(tiny_file), tmp_path_factory.mktemp("results")

    def keep(label, quality, tasks, seeds=5, **fields):
        fields = {"report": REPORT, "rules": RULES} | fields
        made = [
            with_predicted(
                suite.tasks[task], make_outcome(suite, quality, seed, task=task, arrays=leaning(24, seed), **fields)
            )
            for task in tasks
            for seed in range(seeds)
        ]
        keep_row(folder, *made, label=label)

    for label, quality in QUALITY.items():
        keep(label, quality, suite.tasks, access=ACCESS.get(label, "none"), submission=label, **as_baseline(label))
    keep(LOUD, 0.8, ("small-image", "small-text"), submission=HOSTILE)
    keep(FORMULA, 0.85, ("small-image",), submission=HOSTILE)
    keep("short", 0.8, ("small-image", "small-text"), 2, submission="short")
    keep_row(folder, make_outcome(suite, 0.5, task="small-image", error=ERROR), label="gone")
    return folder


@pytest.fixture(scope="session")
def many_results(make_many, tmp_path_factory, keep_row):
    """A folder of rows with a result per world."""
    folder = tmp_path_factory.mktemp("many-results")
    for label in ("erm", "group_dro", "dfr"):
        keep_row(folder, *make_many(label), label=label)
    return folder


@pytest.fixture(scope="session")
def make_many(many_file, make_outcome, as_baseline):
    """Return a function that makes the results of one of our methods in every world."""
    suite = load_suite(many_file)

    def make(label):
        arrays = leaning(24, 0) | {name: np.full(24, 0.1) for name in ("pull/shape", "sss/shape")}
        arrays["core_use"] = np.full(24, 0.5)
        outcomes = []
        for world in range(3):
            how = {"task": "pair-image", "arrays": arrays, "access": ACCESS.get(label, "none")}
            outcome = make_outcome(suite, QUALITY[label], world, submission=label, **how, **as_baseline(label))
            result, samples = with_predicted(suite.tasks["pair-image"], outcome)
            outcomes.append((result.model_copy(update={"metrics": result.metrics | {"core_use": 0.5}}), samples))
        return outcomes

    return make


@pytest.fixture(scope="session")
def tiny(tiny_file, tiny_results):
    """What the pages of the tiny suite are made from."""
    return gather(load_suite(tiny_file), tiny_results)


@pytest.fixture(scope="session")
def many(many_file, many_results):
    """What the pages of the suite of three worlds are made from."""
    return gather(load_suite(many_file), many_results)


@pytest.fixture(scope="session")
def make_site(tmp_path_factory):
    """Return a function that runs the command and returns the folder of the site."""

    def make(suite, results, *flags):
        folder = tmp_path_factory.mktemp("site") / "site"
        assert main(["site", "--suite", suite, "--results", str(results), "--out", str(folder), *flags]) == 0
        return folder

    return make


@pytest.fixture(scope="session")
def tiny_site(make_site, tiny_file, tiny_results):
    return make_site(tiny_file, tiny_results)


@pytest.fixture(scope="session")
def many_site(make_site, many_file, many_results):
    return make_site(many_file, many_results)


class Visit:
    """A page, with what went wrong on it and every address that it asked for."""

    def __init__(self, context):
        self.page = context.new_page()
        self.page.set_default_timeout(60_000)  # milliseconds; a busy machine is slow
        self.problems, self.asked = [], []
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, site, where="index.html"):
        """Open a page of a site from disk; wait until its scripts have run."""
        self.page.goto(f"{Path(site).as_uri()}/{where}")
        if self.page.locator("#controls").count() and self.page.evaluate("document.documentElement.matches('.js')"):
            self.page.locator("#controls").wait_for()
        return self.page


@pytest.fixture
def visit(new_context):
    """Return a function that opens a page of its own; arguments are those of a browser context."""
    return lambda **settings: Visit(new_context(**settings))
