import numpy as np
import pytest
from PIL import Image

from spurgen.generators.nouns import NOUNS
from spurgen.harness import sheets


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return sheets.write_sheets(tmp_path_factory.mktemp("docs") / "new")


def test_all_sheets_are_written_and_small(written):
    assert [path.name for path in written] == ["world.png", "world-64.png", "world-224.png", "twins.png"]
    for path in written:
        assert 10_000 < path.stat().st_size < 1_000_000
        with Image.open(path) as sheet:
            assert sheet.getextrema() == ((0, 255),) * 3 or min(sheet.size) > 200


def test_the_world_scenario_has_every_class_and_value():
    scenario = sheets.world_scenario(64, channels=sheets.image_channels())
    assert scenario.num_classes == len(NOUNS)
    for name, values in sheets.image_channels().items():
        assert scenario.channels[name].values == len(values)


def test_a_sheet_is_the_same_whenever_it_is_drawn():
    assert np.array_equal(np.asarray(sheets.banner(32)), np.asarray(sheets.banner(32)))


def test_twin_sheet_leaves_out_channels_that_images_do_not_carry():
    scenario = sheets.world_scenario(32)
    silent = {**scenario.channels, "color": scenario.channels["color"].model_copy(update={"carrier": "caption"})}
    whole = sheets.twin_sheet(scenario, 0)
    part = sheets.twin_sheet(scenario.model_copy(update={"channels": silent}), 0)
    assert part.height < whole.height
