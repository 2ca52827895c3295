from unittest.mock import Mock

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from spurgen.harness.machine.plotting import new_picture, save


def test_saving_writes_one_file_and_leaves_matplotlibs_settings_alone(tmp_path):
    with mpl.rc_context():
        mpl.rcdefaults()
        before = dict(mpl.rcParams)
        figure = new_picture(2.0, "title")
        figure.subplots().bar([0, 1], [1, 2])
        save(figure, tmp_path / "a.png")
        assert dict(mpl.rcParams) == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    with Image.open(tmp_path / "a.png") as image:
        assert image.width > 1200
        assert np.asarray(image.convert("L")).std() > 10


def test_a_label_outside_the_figure_is_not_cut_off(tmp_path):
    figure = new_picture(2.0, "title")
    figure.text(0.5, -0.3, "below the edge")
    save(figure, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.height > 2.5 * 200


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_text("old")

    monkeypatch.setattr("os.replace", Mock(side_effect=OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save(new_picture(1.0, "title"), tmp_path / "a.png")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.png", "old")]
