import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.suite import DEFAULT_SUITE, load_suite
from spurgen.harness.public import card as cards
from spurgen.harness.public.card import ladders_of, make_card, read_card, stored_cards
from spurgen.harness.public.measuring import Measured, ladder
from spurgen.harness.running.encoder_sources import PLAIN, SHIPPED

EXAMPLES = {f"submissions/{path.name}" for path in (Path(__file__).parents[3] / "submissions").glob("*.py")}


@pytest.fixture
def made(steps, words, coarse):
    """The card of counts of letters on a small ladder, as if it were two."""
    del words, coarse
    measured = ladder("erm", load_suite(steps).task("few-6"))
    return make_card("letters", "caption", 26, "letters", {"few": measured, "same": measured}, (0,))


@pytest.fixture
def read(made, tmp_path):
    """Return a function that reads the card again, after a change of its file's text."""

    def written(change):
        (tmp_path / "x.json").write_text(change(made.report().to_json()))
        return read_card(tmp_path / "x.json")

    return written


def test_a_card_has_the_numbers_of_the_ladder_and_survives_writing(made, read):
    assert {line.ladder for line in made.lines} == {"few", "same"}
    assert made.needed["few"] == made.needed["same"]
    assert made.curve("few").keys() == {line.rung for line in made.lines}
    assert made.score == pytest.approx(np.mean([height for m, height in made.curve("few").items() if m]))
    assert read(str) == made
    assert "\nfew " in made.report().to_text(80)


def test_numbers_are_read_at_three_quarters_of_the_ceiling_of_each_ladder(ladder_suite, make_rung_row):
    def measured(name):
        shares = {f"{name}-4": 0.26, f"{name}-16": 0.05}
        rows = {task: make_rung_row(ladder_suite, share, task=task) for task, share in shares.items()}
        return Measured("letters", tuple(map(ladder_suite.task, rows)), rows)

    each = {name: measured(name) for name in ("few-text", "few-image")}  # the latter ladder has no ceiling
    card = make_card("letters", "caption", 26, "letters", each, range(5))
    assert 0.75 * 0.9 < card.curve("few-text")[4] == card.curve("few-image")[4] < 0.75
    assert [text.partition(" ")[0] for text in card.needed.values()] == ["<=4", "6"]


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
        (lambda text: text.replace('"accuracy_agree"', '"agree"'), "lines.0.accuracy_agree: this key is missing"),
        (lambda text: text.replace('["few", 0,', '["few", -8,'), "lines.0.rung: .*-8"),
        (lambda text: text.replace('["few", 0,', '["few", 9,'), "the rungs of few do not ascend"),
        (lambda text: text.replace('["few", 0,', '["few",'), "a row has 4 values for 5 columns"),
        (lambda text: text.replace('["few", 0,', '["few", "0",'), "expected a number as 'rung' .got '0'"),
        (lambda text: text.replace('"same": ', '"other": '), "needed and lines have other ladders"),
        (lambda text: text.replace('"same": "', '"same": "about '), "needed.same: .*got 'about "),
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


@pytest.mark.parametrize("half", ["caption", "image"])
def test_ladders_are_the_main_ones_of_a_half_and_the_drawn_one_comes_first(half):
    found, suite = ladders_of(half), load_suite(DEFAULT_SUITE)
    assert next(iter(found)) in suite.halves["controlled"]
    assert {*found} - {*suite.halves["controlled"]} <= {*suite.halves["real"]}
    assert {rung.modality for rungs in found.values() for rung in rungs} == {cards.MODALITIES[half]}
    assert {rung.backbone for rungs in found.values() for rung in rungs} == {"frozen"}


def test_stored_cards_are_of_encoders_of_the_package_on_the_ladders_of_today(tmp_path):
    for half in ("caption", "image"):
        for card in stored_cards(half, tmp_path / "none"):
            assert not card.contradiction(ladders_of(half))
            assert card.encoder in {*SHIPPED, *PLAIN, *EXAMPLES} or card.encoder.startswith("efficientnet-lite:")
            assert [*card.needed] == [*ladders_of(half)]


def test_a_number_that_does_not_follow_from_its_curve_is_refused(tmp_path):
    shipped = cards.STORED / "minilm.json"
    forged = tmp_path / "mine.json"
    needed = read_card(shipped).needed["things-text"]
    for old, new, problem in (
        (f'"things-text": "{needed}"', '"things-text": "8"', f"its curve on things-text needs {needed}, not 8"),
        (", 16, ", ", 17, ", "its ladders and rungs are not those of suite v4"),
    ):
        forged.write_text(shipped.read_text().replace(old, new))
        with pytest.raises(SpurgenError, match=rf"mine\.json: {problem}; make the card again by spurgen profile"):
            stored_cards("caption", tmp_path)
    forged.write_text(
        shipped.read_text()
        .replace('"encoder": "minilm"', '"encoder": "mine"')
        .replace(f'"things-text": "{needed}"', f'"things-text": "{needed} [9, 77]"')
    )
    assert "mine" in {card.encoder for card in stored_cards("caption", tmp_path)}


def test_a_card_that_is_no_plain_file_is_an_error(tmp_path):
    os.mkfifo(tmp_path / "mine.json")
    with pytest.raises(SpurgenError, match=r"cannot read .*mine\.json: it is a FIFO; put a plain file there"):
        stored_cards("caption", tmp_path)
