import pandas as pd

from spurgen.harness.machine.frames import typed


def test_columns_have_the_named_types_and_keep_their_order():
    frame = typed([{"b": 1, "t": "x"}, {"n": 3, "f": True, "b": 0.5}], texts=["t"], whole=["n"], flags=["f"])
    assert frame.dtypes.astype(str).to_dict() == {"b": "float64", "t": "string", "n": "Int64", "f": "boolean"}
    assert frame["b"].tolist() == [1.0, 0.5]
    assert frame["t"].tolist() == ["x", pd.NA]
    assert frame["n"].isna().tolist() == [True, False]
