import sys

import pytest

from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.loading import load_submission


@pytest.fixture(autouse=True)
def restore_imports():
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_a_file_gets_defaults(write_submission):
    found = load_submission(write_submission("def predict(batch): return 1", "my_model"))
    assert (found.name, found.access, found.modalities) == ("my_model", "none", {"image", "text", "multimodal"})
    assert found.fit is None
    assert found.encode is None


def test_a_file_may_say_its_name_and_import_its_neighbour(write_submission):
    write_submission("VALUE = 5", "neighbour_of_model")
    code = (
        'import neighbour_of_model\nNAME = "mine"\nMODALITIES = "image"\ndef encode(b): return neighbour_of_model.VALUE'
    )
    found = load_submission(write_submission(code))
    assert (found.name, found.modalities, found.encode(None)) == ("mine", {"image"}, 5)


def test_modules_attributes_classes_and_instances_load(tmp_path, monkeypatch):
    (tmp_path / "package_for_test.py").write_text(
        "class Model:\n    ACCESS = 'twins'\n    def predict(self, b): return 2\nready = Model()\nsubmission = ready"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for spec in ("package_for_test", "package_for_test:Model", "package_for_test:ready"):
        found = load_submission(spec)
        assert found.predict(None) == 2
        assert found.access == "twins"
    assert load_submission("package_for_test").name == "package_for_test"


def test_a_baseline_takes_options():
    found = load_submission("spurgen.baselines.erm:submission", {"epochs": 1})
    assert found.name == "erm"
    with pytest.raises(SubmissionError, match="no option 'epoch'"):
        load_submission("spurgen.baselines.erm", {"epoch": 1})


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("x = 1", r"has none of predict\(batch\), predict_proba\(batch\) and encode\(batch\)"),
        ("predict = 3", "predict must be a function, not int"),
        (
            "ACCESS = 'all'\ndef predict(b): ...",
            "ACCESS = 'all'; choose from none, envs, val_groups, train_groups, twins",
        ),
        ("MODALITIES = {'sound'}\ndef predict(b): ...", "choose from image, multimodal, text"),
        ("def predict(b) return 1", "SyntaxError"),
        ("import no_such_module", "ModuleNotFoundError"),
        ("raise SystemError('x')", "SystemError: x"),
    ],
)
def test_what_cannot_be_loaded_says_why(write_submission, code, told):
    with pytest.raises(SubmissionError, match=told):
        load_submission(write_submission(code))


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("/no/such/file.py", "there is no file"),
        ("no_such_package.module", "importing no_such_package.module failed"),
        ("json:nothing", "has no attribute 'nothing'"),
    ],
)
def test_what_is_not_there_says_so(spec, told):
    with pytest.raises(SubmissionError, match=told):
        load_submission(spec)


def test_options_for_a_submission_without_any_are_refused(write_submission):
    with pytest.raises(SubmissionError, match="takes no options, but got depth"):
        load_submission(write_submission("def predict(b): ..."), {"depth": 3})
