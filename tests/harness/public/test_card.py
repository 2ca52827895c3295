import os
from dataclasses import replace
from pathlib import Path

import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import load_suite
from spurgen.harness.public import card as cards
from spurgen.harness.public.card import ALL, ladders_of, make_card, read_card, stored_cards
from spurgen.harness.public.measuring import Measured, ladder
from spurgen.harness.running.encoder_sources import PLAIN, SHIPPED

EXAMPLES = {f"submissions/{path.name}" for path in (Path(__file__).parents[3] / "submissions").glob("*.py")}


@pytest.fixture
def made(steps, words, coarse):
    """The card of counts of letters on a small ladder, as if one shortcut moved alone there too."""
    del words, coarse
    measured = ladder("erm", load_suite(steps).task("few-6"))
    return make_card("letters", "caption", 26, "letters", {ALL: measured, "hue": measured}, (0,))


@pytest.fixture
def read(made, tmp_path):
    """Return a function that reads the card again, after a change of its file's text."""

    def written(change):
        (tmp_path / "x.json").write_text(change(made.report().to_json()))
        return read_card(tmp_path / "x.json")

    return written


def test_a_card_has_the_numbers_of_the_ladder_and_survives_writing(made, read):
    assert {line.shortcut for line in made.lines} == {ALL, "hue"}
    assert made.needed[ALL] == made.needed["hue"]
    assert made.curve().keys() == {line.rung for line in made.lines}
    assert read(str) == made
    assert "\nall " in made.report().to_text(80)


def test_numbers_are_read_at_three_quarters_of_the_ceiling_of_all_shortcuts(ladder_suite, make_rung_row):
    def measured(name):
        shares = {f"{name}-4": 0.26, f"{name}-16": 0.05}
        rows = {task: make_rung_row(ladder_suite, share, task=task) for task, share in shares.items()}
        return Measured("letters", tuple(map(ladder_suite.task, rows)), rows)

    each = {ALL: measured("few-text"), "hue": measured("few-image")}  # the latter ladder has no ceiling
    card = make_card("letters", "caption", 26, "letters", each, range(5))
    assert 0.75 * 0.9 < card.curve()[4] < 0.75
    assert [text.partition(" ")[0] for text in card.needed.values()] == ["<=4", "<=4"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[1:], r"cannot read the report of spurgen profile .*x\.json: Extra data"),
        (lambda text: text.replace('"encoder"', '"decoder"', 1), "encoder: this key is missing; add it"),
        (
            lambda text: text.replace('"schema_version": 11', '"schema_version": 1'),
            "schema_version 1, not 11; make",
        ),
        (lambda text: text.replace("[0]", "[0, 0.5]"), "worlds.1: .*got 0.5"),
        (lambda text: text.replace('"follows"', '"follow"'), "lines.0.follows: this key is missing"),
        (lambda text: text.replace('["all", 0,', '["all", -8,'), "lines.0.rung: .*-8"),
        (lambda text: text.replace('["all", 0,', '["all", 9,'), "the rungs of all do not ascend"),
        (lambda text: text.replace('["all", 0,', '["all",'), "a row has 5 values for 6 columns"),
        (lambda text: text.replace('["all", 0,', '["all", "0",'), "expected a number as 'rung' .got '0'"),
        (lambda text: text.replace('"hue": ', '"tint": '), "needed and lines have other shortcuts"),
        (lambda text: text.replace('"hue": "', '"hue": "about '), "needed.hue: .*got 'about "),
    ],
)
def test_a_file_that_is_no_card_is_a_sentence(read, change, message):
    with pytest.raises(SpurgenError, match=f"(x\\.json is no (card|report) of spurgen profile: .*)?{message}"):
        read(change)


def test_the_best_encoder_comes_first(made):
    better = replace(made, encoder="better", lines=tuple(replace(line, robust_accuracy=1.0) for line in made.lines))
    for shown in (made.report([better]), better.report([made])):
        names = [line.split()[0] for line in shown.to_text(80).splitlines() if line.startswith(("better", "letters"))]
        assert names == ["better", "letters"]


@pytest.mark.parametrize(
    ("half", "shortcuts"),
    [("caption", ["all", "hue", "wall", "place"]), ("image", ["all", "hue", "wall", "light", "mark"])],
)
def test_ladders_are_those_of_all_shortcuts_and_of_each(half, shortcuts):
    found = ladders_of(half)
    assert [*found] == shortcuts
    assert {rung.modality for rungs in found.values() for rung in rungs} == {cards.MODALITIES[half]}


def test_stored_cards_are_of_encoders_of_the_package_on_the_ladders_of_today(tmp_path):
    for half in ("caption", "image"):
        for card in stored_cards(half, tmp_path / "none"):
            assert not card.contradiction(ladders_of(half))
            assert card.encoder in {*SHIPPED, *PLAIN, *EXAMPLES} or card.encoder.startswith("efficientnet-lite:")
            assert [*card.needed] == [*ladders_of(half)]
            assert [*card.curve()] == [rung.counterexamples for rung in ladders_of(half)[ALL]]


def test_a_number_that_does_not_follow_from_its_curve_is_refused(tmp_path):
    shipped = cards.STORED / "minilm.json"
    forged = tmp_path / "mine.json"
    for old, new, problem in (
        ('"all": "38"', '"all": "8"', "its curve of all needs 38, not 8"),
        ('"wall": "12"', '"wall": "<=8 [<=8, 9]"', r"its curve of wall needs 12, not <=8 \[<=8, 9\]"),
        (", 8, ", ", 9, ", "its shortcuts and rungs are not those of suite v3"),
    ):
        forged.write_text(shipped.read_text().replace(old, new))
        with pytest.raises(SpurgenError, match=rf"mine\.json: {problem}; make the card again by spurgen profile"):
            stored_cards("caption", tmp_path)
    forged.write_text(
        shipped.read_text()
        .replace('"encoder": "minilm"', '"encoder": "mine"')
        .replace('"all": "38"', '"all": "38 [9, 77]"')
    )
    assert "mine" in {card.encoder for card in stored_cards("caption", tmp_path)}


def test_a_card_that_is_no_plain_file_is_an_error(tmp_path):
    os.mkfifo(tmp_path / "mine.json")
    with pytest.raises(SpurgenError, match=r"cannot read .*mine\.json: it is a FIFO; put a plain file there"):
        stored_cards("caption", tmp_path)
