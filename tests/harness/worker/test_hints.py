"""Mistakes of first versions, with the errors that the installed libraries really raise."""

import errno
import re
import traceback
import urllib.error
from pathlib import Path

import numpy as np
import pytest

from spurgen.benchmark.contract import Batch, Context, LabeledData
from spurgen.harness.worker.hints import FIELDS, GRANTED_BY, describe, of_nothing, of_shadowing, of_text, of_types

IMAGES = np.zeros((2, 8, 8, 3), np.uint8)
TORCH = """
import torch
tensor, conv, linear = torch.from_numpy(images), torch.nn.Conv2d(3, 4, 3), torch.nn.Linear(192, 4)
"""
SKLEARN = "from sklearn.linear_model import LogisticRegression\nmodel = LogisticRegression()\n"
PIXELS = "permute(0, 3, 1, 2).float() / 255"


def message(code):
    """Return the text of the error that code raises, as a worker describes it."""
    try:
        exec(code, {"np": np, "images": IMAGES, "batch": Batch(IMAGES, None)})
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError(f"{code} raised nothing")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (TORCH + "conv(tensor)", PIXELS),
        (TORCH + "conv(tensor.float())", PIXELS),
        (TORCH + "conv(images)", "torch.from_numpy(train.images)"),
        (TORCH + "linear(images.reshape(2, -1))", "torch.from_numpy(train.images)"),
        (TORCH + "linear(tensor.flatten(1))", "torch wants float (n, 3, H, W)"),
        (TORCH + "linear(tensor.double().flatten(1))", "write .float() for torch"),
        (SKLEARN + "model.fit(images, [0, 1])", "reshape(len(train), -1)"),
        (SKLEARN + "model.predict(images[0, 0])", "the very object that predict uses"),
        ("means", "after a line `global means`"),
        ("def f():\n    means += 1\nf()", "after a line `global means`"),
        ("np.asarray([[1.0, 2.0], [3.0]])", "a row per sample and a column per class"),
    ],
)
def test_an_error_of_a_library_is_answered_with_the_line_to_write(code, hint):
    (line,) = of_text(message(code), "train")
    assert hint in line


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("AssertionError: Torch not compiled with CUDA enabled", "use context.device in place of cuda"),
        ("RuntimeError: Found no NVIDIA driver on your system.", "use context.device in place of cuda"),
        ("predict returned NoneType of dtype object, not real numbers", "its last line must be `return logits`"),
        ("predict returned dict of dtype object, not real numbers", "return one array"),
        ("predict returned list of dtype <U5, not real numbers", "in the order of context.class_names"),
    ],
)
def test_other_texts_are_answered_too(text, hint):
    (line,) = of_text(text, "batch")
    assert hint in line


@pytest.mark.parametrize("text", ["ValueError: no such luck", "ZeroDivisionError: division by zero"])
def test_an_error_of_another_kind_gets_no_hint(text):
    assert [*of_text(text, "batch"), *of_types(text)] == []


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("batch.image", "Batch: did you mean images?"),
        ("batch.reshape(2, -1)", "Batch: choose from images, captions"),
        ("batch['images']", "a Batch has the fields images, captions"),
        ("import torch\ntorch.as_tensor(batch)", "a Batch has the fields images, captions"),
    ],
)
def test_what_a_type_has_is_named_where_it_is_misused(code, hint):
    assert of_types(message(code)) == [hint]


def test_the_fields_are_those_that_a_submission_gets():
    context = Context(("a", "b"), "image", 8, "cpu", 0, None)
    data = LabeledData(Batch(IMAGES, None), np.zeros(2, int), 4)
    for example in (data.batch, data, context):
        assert all(hasattr(example, name) for name in FIELDS[type(example).__name__])


FIT = {"op": "fit", "train.captions": ["a"], "val.captions": ["a"], "train.num_groups": 4}


@pytest.mark.parametrize(
    ("line", "hints"),
    [
        ("train.group_ids.max()", [f"group_ids is None: write {GRANTED_BY['group_ids']}"]),
        ("len(train.images)", ['images is None in this task: write MODALITIES = {"image", "multimodal"}']),
        ("(train.captions or train.env_ids)[7]", ['env_ids is None: write ACCESS = "envs"']),
    ],
)
def test_the_withheld_field_that_the_failing_line_names_is_explained(line, hints):
    frame = traceback.FrameSummary("model.py", 1, "fit", line=line)
    found = of_nothing("ValueError: x", FIT, [frame])
    assert [hint.removesuffix(", or the one that it takes") for hint in found] == hints


def test_all_withheld_fields_are_explained_where_the_line_names_none():
    frame = traceback.FrameSummary("model.py", 1, "fit", line="x[0]")
    text = "TypeError: 'NoneType' object is not subscriptable"
    assert len(of_nothing(text, FIT, [frame])) == 5
    assert (
        len(of_nothing(text, FIT | {"train.twins.captions": ["a"], "train.channel_values.color": IMAGES}, [frame])) == 3
    )
    assert of_nothing("ValueError: x", FIT, [frame]) == []
    assert of_nothing(text, {"op": "load"}, [frame]) == []


def test_a_file_that_hides_a_librarys_module_is_named():
    def frames(*names):
        return [traceback.FrameSummary(name, 1, "f", line="") for name in names]

    hint = ["cuda.py hides a library's module of that name: rename the file"]
    assert of_shadowing(frames("/my/model.py", "/lib/torch/__init__.py", "/my/cuda.py")) == hint
    assert of_shadowing(frames("/my/model.py", "/my/helper.py", "/lib/torch/__init__.py")) == []
    assert of_shadowing([]) == []


@pytest.mark.parametrize("name", ["m.npy", "weights/m.npy"])
@pytest.mark.parametrize("sandboxed", [True, False])
def test_a_file_beside_the_code_is_opened_by_the_expression_of_the_hint(tmp_path, monkeypatch, name, sandboxed):
    (tmp_path / "weights").mkdir()
    (tmp_path / name).write_text("content")
    monkeypatch.chdir(tmp_path / "weights")
    error = FileNotFoundError(2, "No such file or directory", name)
    text = describe(error, {"op": "load"}, sandboxed)
    files, expression = text.removesuffix(")").partition("write FILES = ")[2].split(" and open ")
    assert files == f'["{name}"]'
    assert eval(expression, {"Path": Path, "__file__": str(tmp_path / "model.py")}).read_text() == "content"


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (ModuleNotFoundError("No module named 'no'", name="no"), "sees the installed packages, its own code and what"),
        (ModuleNotFoundError("No module named 'torch'", name="torch.nn"), r"run \S*pip install -e \S*\[train\]"),
        (urllib.error.URLError("unreachable"), "URLError.*has no network and starts no other process"),
        (PermissionError(errno.EPERM, "Operation not permitted"), "has no network and starts no other process"),
        (FileNotFoundError(errno.ENOENT, "No such file", "/etc/passwd"), "its own code and what FILES names"),
        (OSError(errno.EROFS, "Read-only file system"), "can write to context.scratch and /tmp only"),
        (MemoryError(), "MemoryError.*see --memory-gib"),
        (OSError("no such repository"), "what FILES names; a sandboxed submission has no network"),
        (ImportError("x.so: failed to map segment from shared object"), "see --memory-gib"),
    ],
)
def test_an_error_caused_by_the_sandbox_gets_a_hint(error, hint):
    assert re.search(hint, describe(error, {"op": "load"}, sandboxed=True))
