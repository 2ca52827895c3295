import re

import pytest

from spurgen.benchmark.plugins import names_in
from spurgen.harness.site.boards import board_view
from spurgen.harness.site.build import build
from spurgen.harness.site.glossary import method_in_words, method_name, terms
from spurgen.harness.site.names import file_name


def test_every_column_of_a_board_is_explained_and_channels_once(tiny):
    columns = board_view(tiny, "small-image").columns
    shown = terms(columns)
    assert {column.title for column in columns if not column.group} <= shown.keys()
    assert [term for term in shown if term.startswith("Reliance on")] == ["Reliance on a channel"]
    assert all(shown.values())


@pytest.mark.parametrize("name", names_in("spurgen.baselines"))
def test_each_of_our_methods_says_what_it_does_and_names_its_paper(name, tiny, monkeypatch):
    monkeypatch.setattr("spurgen.harness.site.glossary.is_baseline_row", lambda _: True)
    (row,) = [row for label, row in tiny.rows["erm"].items() if label == "small-image"]
    result = row.results[0].model_copy(update={"spec": f"spurgen.baselines.{name}:submission"})
    said = method_in_words([type(row)((result,))])
    assert re.search(r"\b\d{4}\b", said)
    assert len(said.split()) > 10
    assert "`" not in said


def test_our_methods_have_full_names_and_strangers_have_none(tiny, monkeypatch):
    row = tiny.rows["erm"]["small-image"]
    monkeypatch.setattr("spurgen.harness.site.glossary.is_baseline_row", lambda _: True)

    def named(method):
        result = row.results[0].model_copy(update={"spec": f"spurgen.baselines.{method}:submission"})
        return method_name([type(row)((result,))])

    names = {method: named(method) for method in names_in("spurgen.baselines")}
    assert names["lff"] == "Learning from failure"
    assert names["resample"] == "Group-balanced resampling"
    assert all(0 < len(name) < 60 for name in names.values())
    monkeypatch.undo()
    assert method_name(tiny.rows["short"].values()) == ""


def test_the_words_of_the_notes_are_explained_above_the_table(tiny):
    page = build(tiny)["index.html"].decode()
    board = page.partition('id="board-small-image"')[2]
    assert board.index("How to read this table") < board.index("<table")
    for word in ("World", "Channel", "Group", "Environment", "Baseline"):
        assert f"<dt>{word}</dt>" in board


def test_pages_explain_their_terms_and_methods_without_a_mouse(tiny):
    files = build(tiny)
    index, row = files["index.html"].decode(), files["rows/erm.html"].decode()
    boards = 3
    assert index.count("<summary>How to read this table</summary>") == boards
    assert files["tasks/small-text.html"].decode().count("How to read this table") == 1
    assert "How to read this page" in row
    assert "Empirical risk minimisation (Vapnik 1992)" in row
    stranger = next(label for label in tiny.rows if label.startswith("short"))
    assert "Vapnik" not in files[f"rows/{file_name(stranger)}.html"].decode()
