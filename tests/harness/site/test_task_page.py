import pytest

from spurgen.harness.site.figures import Figures
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.task_page import task_page


@pytest.fixture(scope="module")
def shown(tiny):
    return task_page(tiny, Pictures(), Figures(), "small-image")


def test_twins_with_one_thing_changed_are_apart_from_controls(shown):
    base, *twins = [each.scene for each in shown["twins"]]
    assert [each.title for each in shown["twins"]] == ["base", "color", "background", "class"]
    for twin in twins:
        changed = [name for name in base.values if base.values[name] != twin.values[name]]
        assert len(changed) + (base.label != twin.label) == 1
    assert [each.title for each in shown["controls"]] == [
        "the rest redrawn", "all shortcuts agree", "all shortcuts redrawn",
    ]  # fmt: skip
    assert shown["controls"][0].about == "place, size, tilt, tone and noise redrawn; class and shortcuts kept"
    assert shown["controls"][0].scene.values == base.values
