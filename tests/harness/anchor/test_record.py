import pytest

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.anchor.record import read_anchor, write_anchor


@pytest.fixture
def content(made_up):
    return made_up({"erm": ("none", [0.5, 0.6]), "dfr": ("val_groups", [0.7, 0.8])}, [0.9, 0.9], {"contrastive": "no"})


def test_results_are_read_as_they_were_written_a_line_each(tmp_path, content):
    path = tmp_path / "anchor.json"
    assert read_anchor(path) is None
    write_anchor(path, content)
    assert read_anchor(path) == content
    assert len(path.read_text().splitlines()) == len(content.results) + 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"schema_version":1', '"schema_version":2', "schema_version"),
        ('"trials":8', '"trials":8,"more":1', "more: there is no such key"),
        ("[90,50,80,70]", "[90,101,80,70]", "erm, world 0: correct is more than test has"),
        ("[90,50,80,70]", "[90,50,80,70,1]", "erm, world 0: correct is more than test has"),
        ("{", "", "cannot read"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, content, old, new, message):
    path = tmp_path / "anchor.json"
    write_anchor(path, content)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(SpurgenError, match="the anchor's results") as caught:
        read_anchor(path)
    assert message in str(caught.value)
