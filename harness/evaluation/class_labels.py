"""Names of classes and values in Parquet: Hugging Face's type `ClassLabel`."""

import json
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.benchmark.reading import open_plain
from spurgen.harness.evaluation.csv_files import CORRECT, FILE_BYTES
from spurgen.harness.evaluation.parquet_files import PARQUET
from spurgen.harness.evaluation.tables import named_errors
from spurgen.harness.machine.files import matching


def class_labels(path: Path) -> dict[str, dict[str, str]]:
    """Map the columns of Parquet that are of Hugging Face's type `ClassLabel` to their codes' names; of CSV, none.

    Raises `SpurgenError` if the files of a table differ in them, or a class has another's code as its name.
    """
    first, *others = matching(path)
    names = _class_labels(first)
    for other in others:
        if _class_labels(other) != names:
            raise SpurgenError(f"{other} has other ClassLabel types than {first}; name files of one table")
    for column, codes in names.items():
        unclear = [name for code, name in codes.items() if name in codes and name != code]
        if unclear:
            raise SpurgenError(
                f"{path}, column {column}: {unclear[0]} is one class's number and another's name; {CORRECT}"
            )
    return names


def _class_labels(file: Path) -> dict[str, dict[str, str]]:
    if file.suffix not in PARQUET:
        return {}
    with named_errors(file):
        from pyarrow.parquet import read_schema  # its absence is named when the header is read

        with open_plain(file, FILE_BYTES) as content:
            described = json.loads((read_schema(content).metadata or {}).get(b"huggingface", b"{}"))
    features = described.get("info", {}).get("features", {})
    return {
        column: {str(code): name for code, name in enumerate(feature["names"])}
        for column, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    }
