import json
import re

import numpy as np
import pytest

things = pytest.importorskip("things", reason="pip install resvg-py")

from spurgen.generators.things.nouns import SIDE, THINGS, read_pictures  # noqa: E402
from spurgen.harness.cli import run_script  # noqa: E402

BODY = '<path fill="#c81e1e" d="M10 40h80v40H10z"/><path fill="#ffffff" d="M10 40h40v40H10z"/>'


def icons(names):
    return {"prefix": "noto", "width": 128, "height": 128, "icons": {name: {"body": BODY} for name in names}}


@pytest.fixture
def command(tmp_path):
    """Return a function that runs the script on an icons.json with this text."""

    def run(text):
        (tmp_path / "icons.json").write_text(text)
        return run_script(things, ["--icons", str(tmp_path / "icons.json"), "--out", str(tmp_path / "out.npz")])

    return run


def test_pictures_are_written_in_order_and_their_digest_is_printed(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(things, "THINGS", THINGS[:2])
    assert command(json.dumps(icons(["ant", "bat"]))) == 0
    pictures = read_pictures(tmp_path / "out.npz")
    assert pictures.shape == (2, SIDE, SIDE, 4)
    for picture in pictures:
        rows, columns = np.nonzero(picture[..., 3])
        assert (columns.min(), columns.max()) == (1, SIDE - 2)
        assert np.ptp(rows) + 1 == (SIDE - 2) // 2
        halves = picture[SIDE // 2, [SIDE // 4, 3 * SIDE // 4]]
        np.testing.assert_allclose(halves, [(255, 255, 255, 255), (200, 30, 30, 255)], rtol=0, atol=2)
    printed = capsys.readouterr()
    assert "wrote 2 pictures" in printed.out + printed.err
    assert re.search('PICTURES_SHA256 = "[0-9a-f]{64}"', (printed.out + printed.err).replace("\n", ""))


def test_an_icon_that_the_set_lacks_is_named(command, capsys):
    assert command(json.dumps(icons(["bat"]))) != 0
    assert "no icon 'ant' in the set 'noto'; correct ICONS" in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize("text", ["", "{", '{"icons": {}'])
def test_a_file_that_is_no_icon_set_is_refused(text, command, capsys):
    assert command(text) != 0
    assert "give icons.json of @iconify-json/noto" in capsys.readouterr().err.replace("\n", " ")


def test_every_renamed_icon_belongs_to_a_pictured_thing():
    assert set(things.ICONS) <= {thing.name for thing in THINGS if thing.pictured}
