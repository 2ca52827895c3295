import pytest

from spurgen.baselines.training import version
from spurgen.baselines.training.version import method_version
from spurgen.benchmark.plugins import discover


@pytest.fixture
def write_method(tmp_path, monkeypatch):
    """Write a method's file into a folder of its own, where `method_version` then looks."""
    monkeypatch.setattr(version, "__file__", str(tmp_path / "training" / "version.py"))
    return lambda code: (tmp_path / "mine.py").write_text(code)


def test_version_of_every_method_is_read_from_its_file():
    methods = discover("spurgen.baselines")
    assert {name: method_version(name) for name in methods} == {
        name: module.submission.VERSION for name, module in methods.items()
    }


@pytest.mark.parametrize(("arguments", "expected"), [("version=3", 3), ("", 1)])
def test_version_is_the_keyword_or_1(arguments, expected, write_method):
    write_method(f"raise RuntimeError('imported')\nsubmission = Baseline(__name__, {arguments})")
    assert method_version("mine") == expected


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("submission = None", "mine.py calls Baseline 0 times; expected once"),
        ("a = Baseline(version=1)\nb = Baseline(version=2)", "mine.py calls Baseline 2 times"),
        ("submission = Baseline(version='2')", "mine.py: version = '2'; expected a whole number"),
    ],
)
def test_unclear_version_is_an_error(code, message, write_method):
    write_method(code)
    with pytest.raises(ValueError, match=message):
        method_version("mine")


def test_changed_options_keep_the_version():
    method = discover("spurgen.baselines")["jtt"].submission
    assert method.with_options(epochs=1).VERSION == method.VERSION
