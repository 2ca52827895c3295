import pytest
from pydantic import ValidationError

from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.suite import load_suite

FIELDS = {
    "suite": "s", "name": "n", "seed": 1, "categories": ("animal", "food"), "shortcuts": {"hue": "caption"},
}  # fmt: skip


def test_a_ceiling_is_measured_on_frozen_data_so_it_changes_no_digest():
    bare, measured = Ladder(**FIELDS), Ladder(**FIELDS, ceiling=0.94)
    assert (bare.ceiling, measured.in_world(0).ceiling) == (None, 0.94)
    assert bare.digest == measured.digest != Ladder(**FIELDS, train=1000).digest


@pytest.mark.parametrize("ceiling", [0.0, 1.01])
def test_a_ceiling_is_a_positive_share(ceiling):
    with pytest.raises(ValidationError, match="ceiling"):
        Ladder(**FIELDS, ceiling=ceiling)


def test_ladders_of_one_scenario_have_ceilings_of_their_own(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "n.toml").write_text(
        'suite = "s"\nname = "n"\nseed = 1\ncategories = ["animal", "food"]\nceiling = 0.9\n[shortcuts]\nhue = "both"\n'
    )
    (tmp_path / "s.toml").write_text(
        '[ladders]\na = { scenario = "n", modality = "image" }\n'
        'b = { scenario = "n", modality = "text", ceiling = 0.8 }\n'
    )
    tasks = load_suite(str(tmp_path / "s.toml")).tasks
    assert {name: task.ladder.ceiling for name, task in tasks.items() if name.endswith("-8")} == {
        "a-8": 0.9,
        "b-8": 0.8,
    }
