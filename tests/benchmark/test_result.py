import base64
import json
import re
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic import ValidationError

from spurgen.benchmark.errors import MetricError
from spurgen.benchmark.result import Cell, PackedArray, pack, unpack

CELL = {
    "suite": "v1",
    "task": "signs-image",
    "submission": "erm",
    "spec": "spurgen.baselines.erm",
    "options": {"epochs": 3},
    "access": "none",
    "seed": 0,
    "identity": "a" * 64,
    "data_sha256": "b" * 64,
    "submission_sha256": "c" * 64,
    "isolation": "process",
    "figures": {"wga": 0.25},
    "samples": {"correct": pack(np.array([True, False]))},
}


@given(array=arrays.arrays(bool, st.integers(0, 50)))
def test_flags_come_back_as_they_were(array):
    back = unpack(pack(array))
    assert back.dtype == np.bool_
    np.testing.assert_array_equal(back, array)


@given(array=arrays.arrays(np.float64, st.integers(0, 50), elements=st.floats(-1000, 1000)))
def test_reals_come_back_to_half_precision(array):
    back = unpack(pack(array))
    assert back.dtype == np.float64
    np.testing.assert_array_equal(back, array.astype(np.float16))


@pytest.mark.parametrize(("largest", "dtype"), [(65504.0, "float16"), (65520.0, "float32"), (3e38, "float32")])
def test_what_half_precision_cannot_hold_is_kept_in_single(largest, dtype):
    packed = pack(np.array([0.1, -largest]))
    assert packed.dtype == dtype
    np.testing.assert_allclose(unpack(packed), [0.1, -largest], rtol=np.finfo(dtype).eps)


@pytest.mark.parametrize("wrong", [np.inf, -np.inf, np.nan, 1e39])
def test_what_cannot_be_kept_is_not_packed(wrong):
    with pytest.raises(MetricError, match=rf"samples: found {re.escape(str(wrong))}, expected finite .* mend the sc"):
        pack(np.array([0.5, wrong]))


def test_infinity_is_not_unpacked():
    data = base64.b64encode(zlib.compress(np.array([1, np.inf], "<f2").tobytes())).decode()
    with pytest.raises(MetricError, match="a packed array holds inf; score the cell again"):
        unpack(PackedArray(dtype="float16", size=2, data=data))


def test_nobody_verified_what_does_not_say_so():
    assert Cell(**CELL).verification == "self-reported"


def test_packing_is_the_same_everywhere():
    assert zlib.decompress(base64.b64decode(pack(np.array([True] * 9)).data)) == b"\xff\x80"
    assert zlib.decompress(base64.b64decode(pack(np.array([1.0, -2.0])).data)) == b"\x00\x3c\x00\xc0"


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        ({"size": 20}, r"20 packed bool take 3 bytes, not 2; score the cell again"),
        ({"size": 4, "dtype": "float16"}, r"4 packed float16 take 8 bytes, not 2"),
        ({"data": "!"}, r"a packed array cannot be read"),
        ({"data": base64.b64encode(b"no").decode()}, r"a packed array cannot be read"),
    ],
)
def test_a_spoilt_array_is_an_error(spoilt, message):
    packed = pack(np.array([True] * 10))
    with pytest.raises(MetricError, match=message):
        unpack(packed.model_copy(update=spoilt))


def test_a_cell_comes_back_from_json():
    cell = Cell(**CELL)
    text = cell.model_dump_json()
    assert Cell.model_validate_json(text) == cell
    assert json.loads(text)["schema_version"] == 1
    np.testing.assert_array_equal(unpack(cell.samples["correct"]), [True, False])


@pytest.mark.parametrize(
    "wrong",
    [
        {"schema_version": 2},
        {"figures": {"wga": float("nan")}},
        {"figures": {"wga": float("inf")}},
        {"verification": "trust me"},
        {"rank": 1},
        {"seed": "one"},
    ],
)
def test_a_cell_that_is_not_one_is_refused(wrong):
    with pytest.raises(ValidationError):
        Cell(**{**CELL, **wrong})


@pytest.mark.parametrize("wrong", [{"dtype": "object"}, {"size": -1}])
def test_a_packed_array_of_another_kind_is_refused(wrong):
    with pytest.raises(ValidationError):
        PackedArray(**{"dtype": "bool", "size": 1, "data": "", **wrong})
