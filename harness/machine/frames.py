"""Lines as a table of pandas, each column of one type; pandas is imported by the first table."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame


def typed(
    lines: Sequence[Mapping[str, Any]], *, texts: Collection[str], whole: Collection[str], flags: Collection[str]
) -> "DataFrame":
    """Return a table with a line per mapping: strings, whole numbers and truth values as named, all else float64.

    Columns are those that some line has, in the order of their first line; what a line lacks is missing (`NA`, or NaN
    where the column is float64).
    """
    import pandas as pd

    columns = dict.fromkeys(name for line in lines for name in line)
    named = {**dict.fromkeys(texts, "string"), **dict.fromkeys(whole, "Int64"), **dict.fromkeys(flags, "boolean")}
    table = pd.DataFrame([dict(line) for line in lines], columns=list(columns), dtype=object)
    return table.astype({name: named.get(name, "float64") for name in columns})
