"""Names of classes, columns, encoders and files that hold escape sequences, reordering characters and markup."""

import json

import numpy as np
import pandas as pd
import pytest
from markdown_it import MarkdownIt

from spurgen.harness.cli import main
from spurgen.harness.own import climb, encoding
from spurgen.harness.plots.ladder import draw_own_ladder
from spurgen.harness.plots.style import encode
from spurgen.harness.public.card import STORED, stored_cards
from spurgen.harness.statistics.estimate import Estimate

HOSTILE = "a\x1b[2J\u202e<img src=x>|[b](http://c)\n# d"
MARKDOWN = MarkdownIt("commonmark").enable("table")


def is_harmless(text):
    return all(c.isprintable() or c in "\n\t" for c in text)


def kinds(markdown):
    """Return the kinds of Markdown's tokens in a text, those inside lines included."""
    tokens = MARKDOWN.parse(markdown)
    return {child.type for token in tokens for child in (token, *(token.children or ()))}


@pytest.fixture
def table(tmp_path, monkeypatch):
    """The path of a table of 240 texts whose names are all hostile, in the current folder."""
    monkeypatch.chdir(tmp_path)
    kind, split = np.arange(240) % 2, np.repeat(["train", "val", "test"], 80)
    place = np.where(np.arange(240) % 10 < np.repeat([2, 2, 5], 80), 1 - kind, kind)
    named = {f"label {HOSTILE}": kind, f"place {HOSTILE}": place, "prediction": place}
    columns = {name: [f"{name[:1]}{value}{HOSTILE}" for value in values] for name, values in named.items()}
    columns["prediction"] = [f"l{value}{HOSTILE}" for value in place]
    frame = pd.DataFrame({"words": [f"text {k}" for k in range(240)], "split": split, **columns})
    frame.to_csv(tmp_path / "x\x1b[2J.csv", index=False)
    return ["--label", f"label {HOSTILE}"], f"place {HOSTILE}", "x\x1b[2J.csv", (kind, place)


def test_a_report_on_own_data(table, tmp_path, monkeypatch, capsys):
    label, shortcut, path, (kind, place) = table
    noise = np.random.default_rng(0).normal(size=(240, 4))
    features = (noise + np.stack([12 * place, 4 * kind, 0 * kind, 0 * kind], axis=1)).astype(np.float32)
    monkeypatch.setattr(encoding, "features_of", lambda *_: features)
    monkeypatch.setattr(climb.pool, "run", lambda work, jobs, _: ((job, work(job)) for job in jobs))
    names = ["--metadata", path, *label, "--shortcut", shortcut, "--text", "words", "--methods", "erm", "--seeds", "0"]
    assert main(["run", *names, "--out", "out"]) == 0
    said, report = capsys.readouterr(), (tmp_path / "out" / "results.md").read_text()
    assert all(map(is_harmless, (said.out, said.err, report)))
    assert kinds(report) & {"html_inline", "html_block", "link_open"} == set()
    headings = [line for line in report.splitlines() if line.startswith("#")]
    assert [line[:8] for line in headings if line.startswith("# ")] == ["# label "]
    assert "http://c" in said.err
    for file in (tmp_path / "out").iterdir():
        assert file.suffix == ".npz" or is_harmless(file.read_text())


def test_an_evaluation_in_every_form(table, tmp_path, capsys):
    label, attribute, path, _ = table
    (tmp_path / "y\u202e.csv").write_bytes((tmp_path / path).read_bytes())
    files = ["--json", "x.json", "--latex", "x.tex", "--figure", "x.svg"]
    assert main(["evaluate", path, "y\u202e.csv", *label, "--attributes", attribute, *files]) == 0
    said = capsys.readouterr()
    texts = [said.out, said.err, *((tmp_path / name).read_text() for name in files[1::2])]
    assert all(map(is_harmless, texts))
    assert "\n# d" not in said.out
    assert "<img" not in texts[-1]


def test_cards_and_their_figure(tmp_path):
    card = json.loads((STORED / "minilm.json").read_text())
    (tmp_path / "mine.json").write_text(json.dumps(card | {"encoder": HOSTILE}))
    *others, card = stored_cards("caption", tmp_path)
    text, report = card.report(others).to_text(80), card.report(others).to_markdown()
    assert "http://c" in text
    assert all(map(is_harmless, (text, report)))
    assert kinds(report) & {"html_inline", "html_block", "link_open"} == set()
    drawing = encode(draw_own_ladder({HOSTILE: [Estimate(0.5), Estimate(0.7)]}, (0, 8), None, "m"), "svg").decode()
    assert is_harmless(drawing)
    assert "<img" not in drawing


def test_a_scenario_file_has_no_such_names(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.toml").write_text(f"name = {json.dumps(HOSTILE)}\nsuite = 'x'\n")
    assert main(["generate", "x.toml", "--out", "out"]) == 2
    assert is_harmless(capsys.readouterr().err)
