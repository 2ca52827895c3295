"""A draft suite in which class and channels never disagree in training, people who answer it, and a browser."""

import json
from contextlib import contextmanager
from threading import Thread

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.human.answers import Answer, Answers, open_answers
from spurgen.harness.human.people import answers_file
from spurgen.harness.human.protocol import SPLITS, make_protocol
from spurgen.harness.human.server import PageServer
from spurgen.harness.human.session import Session

AMBIGUOUS = """
suite = "draft"
name = "ambiguous"
seed = 5
worlds = 2
num_classes = 6
image_size = 32

[channels]
color = { values = 6, strength = 1.0 }
background = { values = 6, strength = 1.0 }

[splits]
train = 60
val = 60
test_per_group = 5
twins = 24
"""
TASKS = """
[tasks]
ambiguous-image = { scenario = "ambiguous", modality = "image" }
ambiguous-text = { scenario = "ambiguous", modality = "text" }
ambiguous-both = { scenario = "ambiguous", modality = "multimodal" }
"""


@pytest.fixture(scope="session")
def draft_file(tmp_path_factory):
    """The path of a suite that is not frozen."""
    folder = tmp_path_factory.mktemp("drafts")
    (folder / "draft").mkdir()
    (folder / "draft" / "ambiguous.toml").write_text(AMBIGUOUS)
    (folder / "draft.toml").write_text(TASKS)
    return str(folder / "draft.toml")


@pytest.fixture(scope="session")
def draft(draft_file):
    return load_suite(draft_file)


@pytest.fixture(scope="session")
def make_run(draft):
    """Return a function that decides what an annotator is shown: three classes, 24 test scenes, 6 practice scenes."""

    def make(annotator="ann", task="ambiguous-image", **changes):
        return make_protocol(draft, task, annotator, **({"classes": 3, "scenes": 24, "practice": 6} | changes))

    return make


@pytest.fixture(scope="session")
def labels_of():
    """Return a function that returns the labels of a phase's scenes by index."""
    from spurgen.generators import sample

    def labels(protocol, phase):
        scenes = protocol.scenes[phase]
        made = sample(protocol.task.scenario, SPLITS[phase], scenes, images=False, captions=False)
        return dict(zip(scenes, made.labels.tolist(), strict=True))

    return labels


@pytest.fixture(scope="session")
def answer_all(labels_of):
    """Return a function that answers everything as `choose` does: right, or a function of (index, label)."""

    def answer(protocol, choose=lambda _, label: label, milliseconds=700):
        given = []
        for phase in protocol.scenes:
            for index, label in labels_of(protocol, phase).items():
                choice = None if phase == "study" else choose(index, label) if phase == "test" else label
                given.append(Answer(phase=phase, index=index, choice=choice, milliseconds=milliseconds))
        return Answers(protocol.header, given)

    return answer


@pytest.fixture(scope="session")
def keep_answers():
    """Return a function that writes answers to a folder of results and returns their file."""

    def keep(results, answers):
        header = answers.header
        path = answers_file(results, header.suite, header.task, header.annotator)
        with open_answers(path, header) as (file, _):
            for given in answers.given:
                file.add(given)
        return path

    return keep


@pytest.fixture
def served(tmp_path):
    """Return a context manager that serves a protocol and yields the server; answers go to `tmp_path/NAME.jsonl`."""

    @contextmanager
    def serve(protocol):
        path = tmp_path / f"{protocol.header.annotator}.jsonl"
        with (
            open_answers(path, protocol.header) as (file, answers),
            PageServer(session := Session(protocol, file, answers), 0) as server,
        ):
            session.scene(session.step)  # compiles what draws scenes, as the command does
            thread = Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            try:
                yield server
            finally:
                server.shutdown()
                thread.join()

    return serve


@pytest.fixture
def stored(tmp_path):
    """Return a function that returns the answers in an annotator's file, as dicts."""
    return lambda name="ann": [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()[1:]]


class Visit:
    """A page, with what went wrong on it and every address that it asked for."""

    def __init__(self, context):
        self.page = context.new_page()
        self.problems, self.asked = [], []
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def start(self, url):
        self.page.goto(url)
        self.page.locator("#start").click()


@pytest.fixture
def visit(new_context):
    """Return a function that opens a page of its own; arguments are those of a browser context."""
    return lambda **settings: Visit(new_context(**settings))
