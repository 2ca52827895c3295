import sys

import pytest

from spurgen.benchmark.errors import SubmissionError
from spurgen.harness.sandbox.process import describe
from spurgen.harness.worker.loading import load_submission


@pytest.fixture(autouse=True)
def restore_imports():
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_a_file_has_default_name_access_and_modalities(write_submission):
    submission = load_submission(write_submission("def predict(batch): return 1", "my_model"))
    assert (submission.name, submission.access, submission.modalities) == (
        "my_model",
        "none",
        {"image", "text", "multimodal", "features"},
    )
    assert submission.fit is None
    assert submission.encode is None


def test_a_file_may_declare_its_name_and_import_a_file_beside_it(write_submission):
    write_submission("VALUE = 5", "neighbour_of_model")
    code = (
        'import neighbour_of_model\nNAME = "mine"\nMODALITIES = "image"\ndef encode(b): return neighbour_of_model.VALUE'
    )
    submission = load_submission(write_submission(code))
    assert (submission.name, submission.modalities, submission.encode(None)) == ("mine", {"image"}, 5)


def test_modules_attributes_classes_and_instances_load(tmp_path, monkeypatch):
    (tmp_path / "package_for_test.py").write_text(
        "class Model:\n    ACCESS = 'twins'\n    def predict(self, b): return 2\nready = Model()\nsubmission = ready"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for spec in ("package_for_test", "package_for_test:Model", "package_for_test:ready"):
        submission = load_submission(spec)
        assert submission.predict(None) == 2
        assert submission.access == "twins"
    assert load_submission("package_for_test").name == "package_for_test"


def test_what_an_object_does_not_declare_its_module_may(write_submission):
    model = "class Model:\n    ACCESS = 'envs'\n    def predict(self, b): return 2\n"
    spec = write_submission(model + "ACCESS = 'twins'\nMODALITIES = {'image'}\nNAME = 'mine'\nsubmission = Model()")
    for each in (spec, f"{spec}:Model"):
        submission = load_submission(each)
        assert (submission.name, submission.access, submission.modalities) == ("mine", "envs", {"image"})


@pytest.mark.parametrize(
    "line",
    [
        "MODALITY = 'sound'", "modality = 3", "ACCESS = 'none'\naccess = 'envs'", "NAMES = ['text']",
        "modality = 'image'", "access = 'envs'", "Access = 'envs'",
    ],
)  # fmt: skip
def test_similar_names_with_another_meaning_are_no_error(write_submission, line):
    assert load_submission(write_submission(f"{line}\ndef predict(b): ...")).access == "none"


def test_attributes_of_an_object_and_what_a_base_class_declares_are_no_misspelling(write_submission):
    code = """
class Base:
    MODALITIES = {"image", "text"}
    ACCESS = "envs"
    ACCES = "envs"
class Model(Base):
    MODALITY = "text"
    def __init__(self):
        self.modality = "image"
        self.MODALITYS = "image"
    def predict(self, b): ...
submission = Model()
"""
    submission = load_submission(write_submission(code))
    assert (submission.access, submission.modalities) == ("envs", {"image", "text"})
    alone = "class Model:\n    def __init__(self): self.MODALITY = 'image'\n    def predict(self, b): ...\n"
    assert load_submission(write_submission(f"{alone}submission = Model()", "alone")).access == "none"


def test_a_baseline_takes_options():
    submission = load_submission("spurgen.baselines.erm:submission", {"epochs": 1})
    assert submission.name == "erm"
    with pytest.raises(SubmissionError, match="no option 'epoch'"):
        load_submission("spurgen.baselines.erm", {"epoch": 1})


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1", r"has none of predict\(batch\), predict_proba\(batch\) and encode\(batch\)"),
        ("predict = 3", "predict must be a function, not int"),
        (
            "ACCESS = 'all'\ndef predict(b): ...",
            "ACCESS = 'all'; choose from none, envs, val_groups, train_groups, twins",
        ),
        ("MODALITIES = {'sound'}\ndef predict(b): ...", "choose from features, image, multimodal, text"),
        ("USES_GENERATOR = 1\ndef predict(b): ...", "USES_GENERATOR = 1; write True or False"),
        ("ACCESS = ['none']\ndef predict(b): ...", r"ACCESS = \['none'\]; choose from none, envs"),
        ("MODALITIES = 3\ndef predict(b): ...", "MODALITIES = 3; choose from features, image, multimodal, text"),
        ("MODALITIES = [['text']]\ndef predict(b): ...", r"MODALITIES = \[\['text'\]\]; choose from"),
        ("MODALITIES = ()\ndef predict(b): ...", r"MODALITIES = \(\); choose from"),
        ("MODALITIES = {'images'}\ndef predict(b): ...", r"MODALITIES = \{'images'\}; did you mean image\?"),
        ("ACCESS = 'groups'\ndef predict(b): ...", r"ACCESS = 'groups'; did you mean val_groups or train_groups\?"),
        ("ACCESS = {'envs'}\ndef predict(b): ...", r"ACCESS = \{'envs'\}; choose from none, envs"),
        ("MODALITY = 'image'\ndef predict(b): ...", "MODALITY = 'image' has no effect; write MODALITIES = 'image'"),
        ("MODALITES = ['text']\ndef predict(b): ...", r"MODALITES = .* has no effect; write MODALITIES = \['text'\]"),
        ("ACESS = 'envs'\ndef predict(b): ...", "ACESS = 'envs' has no effect; write ACCESS = 'envs'"),
        (
            "class Base:\n    MODALITY = 'text'\nclass Net(Base):\n    def predict(self, b): ...\nsubmission = Net()",
            "MODALITY = 'text' has no effect; write MODALITIES = 'text'",
        ),
        ("class Model:\n    def predict(self, b): ...", r"write `submission = Model\(\)` .*model.py:Model"),
        ("class Net:\n    encode = len\nnet = Net()\ndel Net", "write `submission = net` .*model.py:net"),
        ("from sklearn.svm import SVC", r"encode\(batch\); add one"),
        ("def predictions(b): ...", "; rename predictions"),
        ("NAME = 'x' * 101\ndef predict(b): ...", "NAME = 'xxx.*' must have 1 to 100 printable characters"),
        ("NAME = ''\ndef predict(b): ...", "NAME = '' must have 1 to 100 printable characters"),
        ("NAME = 'a\\tb'\ndef predict(b): ...", "must have 1 to 100 printable characters"),
        ("\n\ndef predict(b) return 1", r"importing .*model.py failed: SyntaxError: .*, in line 3 of /.*/model.py$"),
        ("import no_such_module", "ModuleNotFoundError"),
        ("raise SystemError('x')", "SystemError: x"),
    ],
)
def test_a_submission_that_cannot_be_loaded_is_an_error_that_says_why(write_submission, code, message):
    with pytest.raises(SubmissionError, match=message):
        load_submission(write_submission(code))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("/no/such/file.py", "there is no file /no/such/file.py, seen from /"),
        ("/no/such/file.py:Net", "there is no file /no/such/file.py, seen from /"),
        (__file__.replace("loading", "laoding"), r"seen from /.*; did you mean test_loading\.py"),
        (
            "no_such_package.module",
            "importing no_such_package.module failed: there is no module 'no_such_package' among the installed "
            "packages or in the current folder, /.*; a file is named by its path, such as folder/model.py",
        ),
        ("json.no_such_part", "there is no module 'json.no_such_part'"),
        ("json:nothing", "has no attribute 'nothing'"),
    ],
)
def test_a_missing_submission_is_an_error_that_says_where_it_was_looked_for(spec, message):
    with pytest.raises(SubmissionError, match=message):
        load_submission(spec)


def test_options_for_a_submission_without_options_are_an_error(write_submission):
    with pytest.raises(SubmissionError, match="takes no options, but got depth"):
        load_submission(write_submission("def predict(b): ..."), {"depth": 3})


@pytest.mark.parametrize("spec", ["model.py:Net", "./model.py:ready", "model:Net", "model:ready"])
def test_an_attribute_of_a_file_or_of_a_module_in_the_current_folder_loads(
    spec, tmp_path, write_submission, monkeypatch
):
    write_submission("class Net:\n    def predict(self, b): return 4\nready = Net()\ndef predict(b): return 3")
    monkeypatch.chdir(tmp_path)
    submission = load_submission(spec)
    assert (submission.name, submission.predict(None)) == (spec.partition(":")[2], 4)


def test_a_package_in_the_current_folder_loads_in_a_worker(tmp_path, monkeypatch):
    (tmp_path / "my_package_for_test").mkdir()
    (tmp_path / "my_package_for_test" / "model.py").write_text("def predict(batch): return 3")
    (tmp_path / "select.py").write_text("raise SystemError('this is not the library')")
    monkeypatch.chdir(tmp_path)
    assert describe("my_package_for_test.model", {}).name == "model"


def test_a_missing_helper_is_not_reported_as_a_missing_submission(tmp_path, monkeypatch):
    (tmp_path / "model_for_test.py").write_text("import missing_for_test")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SubmissionError, match="failed: ModuleNotFoundError: No module named 'missing_for_test'"):
        load_submission("model_for_test")


def test_a_linked_file_imports_helpers_beside_its_target(tmp_path, write_submission):
    write_submission("VALUE = 6", "kept_beside_for_test")
    kept = write_submission("import kept_beside_for_test\ndef predict(b): return kept_beside_for_test.VALUE")
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.py"
    link.symlink_to(kept)
    assert load_submission(str(link)).predict(None) == 6


def test_a_class_that_needs_arguments_is_an_error(write_submission):
    spec = write_submission("class Net:\n    def __init__(self, depth): ...\n    def predict(self, b): ...")
    with pytest.raises(SubmissionError, match=r"model.py:Net: calling Net\(\) without arguments failed: TypeError: "):
        load_submission(f"{spec}:Net")
