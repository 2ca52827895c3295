"""`spurgen profile` on a small ladder, with an encoder of the package."""

import json
import re

import pytest

from spurgen.benchmark.suite import load_suite
from spurgen.harness.cli import main
from spurgen.harness.options import submissions
from spurgen.harness.public import card


@pytest.fixture
def small_ladder(steps, words, coarse, monkeypatch, tmp_path):
    del words, coarse
    rungs = [task for task in load_suite(steps).tasks.values() if task.name != "few"]
    monkeypatch.setattr(card, "ladders_of", lambda _: {"few": rungs})
    monkeypatch.setattr(submissions, "compute_features", lambda *_: None)  # of frozen ladders alone
    monkeypatch.chdir(tmp_path)
    return tmp_path / "profile"


def test_a_card_is_printed_beside_stored_ones_and_written(small_ladder, capsys):
    assert main(["profile", "bag-of-words"]) == 0
    said = capsys.readouterr().out
    assert "Accuracy if misled" in said
    assert re.search(r"^bag-of-words ", said, re.MULTILINE)
    assert {path.name for path in small_ladder.iterdir()} == {"bag-of-words.json", "bag-of-words.svg"}
    own = json.loads((small_ladder / "bag-of-words.json").read_text())
    assert own["encoder"] == "bag-of-words"
    (small_ladder / "mine.json").write_text(json.dumps(own | {"encoder": "mine"}))
    assert main(["profile", "bag-of-words"]) == 0
    assert re.search(r"^mine ", capsys.readouterr().out, re.MULTILINE)
    (small_ladder / "package.json").write_text("{}")  # another program's
    (small_ladder / "mine.json").write_text('{"encoder": "mine"}')
    assert main(["profile", "bag-of-words"]) == 2
    assert "mine.json is no report of spurgen profile" in capsys.readouterr().err.replace("\n", "")


@pytest.mark.usefixtures("small_ladder")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["minlm"], "there is no encoder 'minlm'"),
        (["minilm", "--modality", "image"], "minilm reads captions, not images; name another encoder"),
        (["timm:none"], "timm:none cannot be loaded"),
    ],
)
def test_what_is_no_encoder_is_an_error(words, message, capsys):
    assert main(["profile", *words]) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
