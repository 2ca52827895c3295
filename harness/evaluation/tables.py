"""Tables of predictions: which columns are which, and CSV and Parquet files with entries as names and numbers.

Columns of labels, predictions, attributes, splits and runs are named by the user, or recognised. Errors name the file,
line and column. Python's csv module reads CSV: pandas shifts the columns of long lines and fills short ones, and
neither it nor pyarrow says on which line of the file a row begins. Parquet is read piece by piece: a kilobyte may hold
a billion entries.
"""

import csv
import io
import json
import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
import pandas as pd

from spurgen.benchmark.errors import MissingError, SpurgenError, shortened
from spurgen.benchmark.reading import may_unpack_to, open_plain, open_unpacked
from spurgen.benchmark.shell import check_packages
from spurgen.benchmark.suggest import suggestion
from spurgen.harness.machine.files import matching
from spurgen.harness.machine.printing import listed
from spurgen.harness.metrics.arrays import LARGEST_SCORE, Float64, Int64

if TYPE_CHECKING:
    import pyarrow as pa

LABELS = ("label", "y", "y_true", "target")
PREDICTIONS = ("prediction", "pred", "y_pred", "predicted")
SPLITS = ("split", "partition")
RUNS = ("run", "seed")
FILES = ("img_filename", "filename", "file_name", "file", "path", "image", "image_id")
KEYS = ("key", "id", "image_id", *FILES)
INDEX = "index"  # a sample's number in its split, so not its name alone, in Parquet of spurgen generate
CODED_SPLITS = {"0": "train", "1": "val", "2": "test"}
LOGITS = "logit_"
FLAG = "_aligned"  # the end of the name of an attribute that says whether another goes with the label
ALIGNED, CONFLICTS = "aligned", "conflicts"
FLAGS = {"true": ALIGNED, "1": ALIGNED, "false": CONFLICTS, "0": CONFLICTS}
NO_FLAG = "is neither True nor False (nor 1 or 0), as an attribute whose name ends in _aligned must be"
IDENTITIES = ("male", "female", "LGBTQ", "christian", "muslim", "other_religions", "black", "white")
CORRECT = "correct the file"
PLAIN = "write it as CSV without compression if you trust it"
FILE_BYTES = 1 << 36
LINE = 1 << 22  # characters; 21,841 logits take a tenth. `csv` itself allows an entry 131,072
ENTRIES = 1 << 22
Records = Iterator[tuple[int, list[str]]]
"""The line where each record begins, and its entries."""
PARQUET = (".parquet", ".pq")
ROWS = 256  # at a time: a long text that is stored once may occur in all of them
NO_NAMES = frozenset({"nan", "na", "<na>", "null"})  # what pandas, NumPy, R and databases write for a missing value


@dataclass(frozen=True)
class Columns:
    """Names of columns; None, or no attributes, for those that are to be recognised.

    `logits`: the beginning of the names of columns of logits, one per class. `codes` maps a column to the names of its
    entries; `thresholds` maps a column of shares to two names, of which .5 or more is the second.
    """

    label: str | None = None
    prediction: str | None = None
    logits: str | None = None
    attributes: tuple[str, ...] = ()
    key: str | None = None
    run: str | None = None
    split: str | None = None
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    thresholds: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def may_matter(self, name: str) -> bool:
        """Return whether a column of that name is read: it is one of these, or may repeat the label or the split."""
        named = {self.label, self.prediction, self.key, self.run, self.split, *self.attributes}
        is_score = self.logits is not None and name.startswith(self.logits)
        return name in named or name in LABELS or name in SPLITS or is_score

    def is_flag(self, name: str) -> bool:
        """Return whether a column is an attribute that says whether another goes with the label."""
        return name in self.attributes and name.endswith(FLAG)


LAYOUTS = {
    "spurgen generate --format wilds": (  # before those whose columns it has
        {"img_filename", "y", "split", "place", "true_label"},
        Columns(label="y", attributes=("place",), key="img_filename", split="split"),
    ),
    "spurgen generate --format folder": (  # the attributes of this and the next are their flags
        {"file_name", "index", "label", "split", "true_label", "env_id", "group_id"},
        Columns(label="label", key="file_name", split="split"),
    ),
    "spurgen generate --format parquet": (
        {"index", "label", "split", "true_label", "env_id", "group_id"},
        Columns(label="label", key=INDEX, split="split"),
    ),
    "Waterbirds": (
        {"img_filename", "y", "split", "place"},
        Columns(
            label="y", attributes=("place",), key="img_filename", split="split",
            codes={"y": {"0": "landbird", "1": "waterbird"}, "place": {"0": "land", "1": "water"}},
        ),
    ),
    "CelebA": (
        {"image_id", "Blond_Hair", "Male"},
        Columns(
            label="Blond_Hair", attributes=("Male",), key="image_id",
            codes={
                "Blond_Hair": {"-1": "dark hair", "0": "dark hair", "1": "blond hair"},
                "Male": {"-1": "female", "0": "female", "1": "male"},
            },
        ),
    ),
    "CivilComments": (
        {"toxicity", "identity_any"},
        Columns(
            label="toxicity", attributes=("identity_any",), split="split",
            thresholds={
                "toxicity": ("civil", "toxic"), "identity_any": ("none named", "identity named"),
                **dict.fromkeys(IDENTITIES, ("not named", "named")),
            },
        ),
    ),
    "MultiNLI": (
        {"gold_label", "sentence2_has_negation"},
        Columns(
            label="gold_label", attributes=("sentence2_has_negation",), split="split",
            codes={
                "gold_label": {"0": "contradiction", "1": "entailment", "2": "neutral"},
                "sentence2_has_negation": {"0": "no negation", "1": "negation"},
            },
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Named:
    """The columns of the table in a file; `codes`: the names of their entries that the file itself gives."""

    path: Path
    columns: Sequence[str]
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def check(self, *names: str | None) -> None:
        """Raise `SpurgenError` for a name that the table lacks."""
        for name in names:
            if name is not None and name not in self.columns:
                raise SpurgenError(f"{self.path} has no column {name}; {suggestion(name, self.columns)}")

    def usual(self, names: Sequence[str], flag: str) -> str | None:
        """Return the column with one of these names, or None; raise `SpurgenError` if there are two."""
        found = [name for name in names if name in self.columns]
        if len(found) > 1:
            raise SpurgenError(f"{self.path} has the columns {found[0]} and {found[1]}; name the one to read by {flag}")
        return found[0] if found else None


def recognise(asked: Columns, about: Named, predictions: Named | None, attributes: str = "--attributes") -> Columns:
    """Complete the names that were asked for by those of a known layout, or usual ones.

    Label, attributes and split are columns of `about`; prediction, logits and run of `predictions`, which is the same
    table unless there are metadata, and None if there are none yet; the key is of both. A column that was asked for is
    read as it is, without a layout's codes, unless it has shares. Raises `SpurgenError` for a column that a table
    lacks, two columns that could be meant, no label, no attribute, an attribute twice or that is the label, or neither
    predictions nor logits; it names the flag `attributes`.
    """
    layout = next((columns for marks, columns in LAYOUTS.values() if marks <= set(about.columns)), Columns())
    flags = tuple(name for name in about.columns if name.endswith(FLAG) and name.removesuffix(FLAG) in about.columns)
    given = predictions or about
    has_logits = any(name.startswith(LOGITS) for name in given.columns)
    chosen = replace(
        asked,
        prediction=asked.prediction or given.usual(PREDICTIONS, "--prediction"),
        logits=asked.logits or (LOGITS if has_logits else None),
        label=asked.label or layout.label or about.usual(LABELS, "--label"),
        attributes=asked.attributes or layout.attributes or (flags if layout.label else ()),
        key=asked.key or layout.key or first_of([name for name in about.columns if name in given.columns], KEYS),
        run=asked.run or given.usual(RUNS, "--run"),
        split=asked.split or layout.split or about.usual(SPLITS, "--split-column"),
        thresholds=layout.thresholds,
    )
    factors = {chosen.label, *chosen.attributes}
    own = factors - {asked.label, *asked.attributes}
    codes = {name: names for name, names in layout.codes.items() if name in own}
    codes |= {name: names for name, names in about.codes.items() if name in factors}
    chosen = replace(chosen, codes=codes)
    if chosen.label is None:
        raise SpurgenError(
            f"{about.path} has no column of labels ({', '.join(LABELS)}); name it by --label; its columns are "
            f"{listed(about.columns)}"
        )
    if not chosen.attributes:
        raise SpurgenError(
            f"name the attributes that make groups by {attributes}; {about.path} has {listed(about.columns)}"
        )
    for k, name in enumerate(chosen.attributes):
        if name == chosen.label:
            raise SpurgenError(f"{attributes}: {name} is the column of labels, which makes groups anyway; leave it out")
        if name in chosen.attributes[:k]:
            raise SpurgenError(f"{attributes} names {name} twice; name every column once")
    if predictions and chosen.prediction is None and chosen.logits is None:
        raise SpurgenError(
            f"{predictions.path} has neither a column of predictions ({', '.join(PREDICTIONS)}) nor columns "
            f"{LOGITS}CLASS; name them by --prediction or --logits; its columns are {listed(predictions.columns)}"
        )
    about.check(chosen.label, *chosen.attributes, asked.split, asked.key)
    if predictions:
        predictions.check(chosen.prediction, asked.run, asked.key)
    return chosen


def first_of(present: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the first of the names that is present, or None."""
    return next((name for name in names if name in present), None)


def most_rows(path: Path, columns: int) -> int:
    """Return how many rows of these columns a file may have: an entry per byte, CSV's maximum, or 4 million if more.

    A compressed kilobyte may have a million rows.
    """
    return max(ENTRIES, path.stat().st_size) // max(columns, 1)


def too_many(path: Path) -> SpurgenError:
    """Return the error of a file with more rows than it may have."""
    size = path.stat().st_size
    return SpurgenError(
        f"cannot read {path}: it has more than {max(ENTRIES, size):,} entries, in {size:,} bytes; {PLAIN}"
    )


def csv_header(path: Path) -> list[str]:
    """Return the names of a file's columns; raise `SpurgenError` if two are the same or no comma separates them."""
    with _opened(path) as (header, _):
        return header


def read_csv(path: Path, wanted: Callable[[str], bool]) -> pd.DataFrame:
    """Read the `wanted` columns as text, indexed by line."""
    lines, rows = [], []
    with _opened(path) as (header, records):
        places = [k for k, name in enumerate(header) if wanted(name)]
        most = most_rows(path, len(places))
        for line, entries in records:
            if len(entries) != len(header):
                raise SpurgenError(
                    f"{path}, line {line}: the number of entries is {len(entries)}, that of the header {len(header)}; "
                    f"{CORRECT}"
                )
            lines.append(line)
            rows.append([entries[k] for k in places])
            if len(rows) > most:
                raise too_many(path)
    return pd.DataFrame(rows, index=pd.Index(lines, dtype=np.int64), columns=[header[k] for k in places], dtype=str)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[list[str], Records]]:
    """Yield the names of a file's columns and its records."""
    with open_unpacked(path, FILE_BYTES) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        records = _records(text)
        first, header = next(records, (1, []))
        other = next((mark for mark in ";\t|" if len(header) == 1 and mark in header[0]), None)
        if other:
            raise SpurgenError(f"{path}, line {first}: the columns are separated by {other!r}; separate them by commas")
        twice = [name for k, name in enumerate(header) if name in header[:k]]
        if twice:
            raise SpurgenError(f"{path}, line {first}: several columns are called {shortened(twice[0])}; {CORRECT}")
        yield header, records


def _records(text: TextIO) -> Records:
    """Yield records, but no blank lines."""
    reader, before = csv.reader(_lines(text), strict=True), 0
    for entries in reader:
        if entries:
            yield before + 1, entries
        before = reader.line_num


def _lines(text: TextIO) -> Iterator[str]:
    while line := text.readline(LINE + 1):
        if len(line) > LINE:
            raise ValueError(f"a line has more than {LINE:,} characters")
        yield line


def is_parquet(path: Path) -> bool:
    """Return whether a file begins as Parquet does."""
    with open_plain(path, FILE_BYTES) as file:
        return file.read(4) == b"PAR1"


def parquet_header(path: Path) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Return the names of a file's columns, and those of the codes of Hugging Face's type `ClassLabel`, by column."""
    check_packages(["pyarrow"], f"reading {path}")
    from pyarrow.parquet import read_schema

    with open_plain(path, FILE_BYTES) as file:
        schema = read_schema(file)
    try:
        described = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = described.get("info", {}).get("features", {})
        codes = {
            column: {str(code): name for code, name in enumerate(feature["names"])}
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):  # of JSON of any other form
        raise SpurgenError(f"{path}: its metadata `huggingface` do not describe its columns; write it again") from None
    if any(not isinstance(name, str) for names in codes.values() for name in names.values()):
        raise SpurgenError(f"{path}: its metadata `huggingface` have a class whose name is no text; write it again")
    for column, names in codes.items():
        unclear = [name for code, name in names.items() if name in names and name != code]
        if unclear:
            raise SpurgenError(
                f"{path}, column {column}: {unclear[0]} is one class's number and another's name; {CORRECT}"
            )
    columns = list(schema.names)
    if twice := next((name for k, name in enumerate(columns) if name in columns[:k]), None):
        raise SpurgenError(f"{path}: several columns are called {shortened(twice)}; {CORRECT}")
    return columns, codes


def read_parquet(path: Path, wanted: Callable[[str], bool]) -> pd.DataFrame:
    """Read columns of a file, indexed by row; raise `SpurgenError` if it holds far more than its size.

    Also raised for columns of lists and other nested values. An index with a name is a column.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    names = [name for name in parquet_header(path)[0] if wanted(name)]
    size = path.stat().st_size
    limit = left = may_unpack_to(size)
    with open_plain(path, FILE_BYTES) as file:
        content = ParquetFile(file)
        if content.metadata.num_rows > most_rows(path, len(names)):
            raise too_many(path)
        kinds = {name: content.schema_arrow.field(name).type for name in names}
        nested = next((name for name, kind in kinds.items() if pa.types.is_nested(kind)), None)
        if nested:
            raise SpurgenError(f"{path}, column {nested}: its entries are {kinds[nested]}; expected numbers or text")
        schema = pa.schema([(name, _plain(kind)) for name, kind in kinds.items()])
        pieces = [schema.empty_table()]
        for batch in content.iter_batches(ROWS, columns=names, use_threads=False):
            pieces.append(pa.table({name: batch[name] for name in names}).cast(schema))
            pieces[-1].validate(full=True)  # that text is UTF-8
            left -= pieces[-1].nbytes
            if left < 0:
                raise SpurgenError(
                    f"cannot read {path}: it unpacks to more than {limit:,} bytes, from {size:,}; {PLAIN}"
                )
    try:
        table: pd.DataFrame = pa.concat_tables(pieces).to_pandas()
    except LookupError as error:  # of pytz
        raise SpurgenError(f"cannot read {path}: there is no time zone {error}; write times as text") from None
    return table.set_axis(pd.RangeIndex(1, len(table) + 1))


def _plain(kind: "pa.DataType") -> "pa.DataType":
    """Return the type of plain entries, where an encoding only refers to a text that is stored once."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    bytes_too = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    return pa.string() if bytes_too or kind in (pa.string_view(), pa.binary_view()) else kind


@dataclass(frozen=True)
class Table:
    """Rows of a table in one file or several.

    `frame`: CSV entries are text; its index is each row's file, and the line where it begins, or its number in Parquet.
    """

    path: Path
    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    def __contains__(self, column: str) -> bool:
        return column in self.frame.columns

    def rows(self, chosen: Any) -> "Table":  # noqa: ANN401 (array)
        """Return some of the rows: bool (n,), or their places, int64 (m,)."""
        return replace(self, frame=self.frame.iloc[chosen])

    def check(self, column: str, good: Any, problem: str) -> None:  # noqa: ANN401 (array or series)
        """Raise `SpurgenError` for the first entry of a column that is not good, bool (n,)."""
        bad = np.flatnonzero(~np.asarray(good, dtype=bool))
        if not len(bad):
            return
        file, line = self.frame.index[bad[0]]
        place = f"{'row' if file.suffix in PARQUET else 'line'} {line}" + f" of {file.name}" * (file != self.path)
        entry = shortened(str(self.frame[column].iloc[bad[0]]))
        others = "entry" if len(bad) == 2 else "entries"
        more = f", and {len(bad) - 1} more {others} like it" if len(bad) > 1 else ""
        raise SpurgenError(f"{self.path}, {place}, column {column}: {entry} {problem}{more}; {CORRECT}")

    def texts(self, column: str) -> pd.Series:
        """Return a column as text without surrounding space; raise `SpurgenError` for an entry that is not a name.

        Floats that are all whole numbers are names without a decimal point, in text too (as pandas writes a column that
        had missing values), if they fit an int64.
        """
        entries = self.frame[column]
        if pd.api.types.is_string_dtype(entries) and entries.str.fullmatch(r"-?\d{1,18}\.0+").all():
            entries = entries.str.partition(".")[0]
        if pd.api.types.is_float_dtype(entries) and (entries.dropna() % 1 == 0).all():
            self.check(column, entries.isna() | (entries.abs() < 2**63), "is too large for a name")
            entries = entries.astype("Int64")
        stripped = entries.astype(str).str.strip()
        self.check(column, ~entries.isna() & (stripped != ""), "is empty")
        self.check(column, ~stripped.str.lower().isin(NO_NAMES), "stands for a missing value, and is no name")
        return stripped

    def are_shares(self, column: str) -> bool:
        """Return whether every entry of a column is a number from 0 to 1."""
        return bool(pd.to_numeric(self.texts(column), errors="coerce").between(0, 1).all())

    def are_codes(self, columns: Columns) -> bool:
        """Return whether columns with codes have only codes as entries: other data may have columns of these names."""
        return all(set(self.texts(name)) <= codes.keys() for name, codes in columns.codes.items())

    def categories(self, column: str, columns: Columns, known: str | None = None) -> pd.Series:
        """Return a column's entries as names, categorical: by the layout's codes or thresholds, else as they are.

        Their order is the layout's, all of whose names are known, else by number or alphabet. `known`: the column of
        the layout that this one repeats, if its name is another.
        """
        entries, known = self.texts(column), known or column
        if columns.is_flag(known):
            flags = entries.str.lower()
            self.check(column, flags.isin(FLAGS), NO_FLAG)
            return categorical(flags.map(FLAGS), (ALIGNED, CONFLICTS))
        if known in columns.thresholds:
            numbers = pd.to_numeric(entries, errors="coerce")
            self.check(column, numbers.between(0, 1), "is no share from 0 to 1")
            low, high = columns.thresholds[known]
            return categorical((numbers >= 0.5).map({False: low, True: high}), (low, high))
        if known in columns.codes:
            codes = columns.codes[known]
            return categorical(entries.map(lambda entry: codes.get(entry, entry)), codes.values())
        return categorical(entries)

    def logits(self, prefix: str, classes: tuple[str, ...]) -> Float64:
        """Return the columns of logits in the order of the classes, float64 (n, K).

        Their names end in the classes' names, or in 0 to K - 1. Raises `SpurgenError` for other columns, or an entry
        that is no finite number of at most 1e100 in magnitude.
        """
        present = [name for name in self.frame.columns if name.startswith(prefix)]
        endings = {name.removeprefix(prefix) for name in present}
        by_place = [str(k) for k in range(len(classes))]
        wanted = next((list(names) for names in (classes, by_place) if set(names) == endings), None)
        if wanted is None:
            raise SpurgenError(
                f"{self.path} has the columns {', '.join(present) or 'of no logits'}; expected {prefix}CLASS for the "
                f"classes {', '.join(classes)}, or {prefix}0 to {prefix}{len(classes) - 1}"
            )
        scores = np.empty((len(self), len(classes)))
        for k, name in enumerate(prefix + ending for ending in wanted):
            scores[:, k] = pd.to_numeric(self.frame[name], errors="coerce").to_numpy(dtype=np.float64)
            good = np.abs(scores[:, k]) <= LARGEST_SCORE
            self.check(name, good, f"is no finite number of at most {LARGEST_SCORE:g}")
        if are_probabilities(scores):
            raise SpurgenError(
                f"{self.path}: the columns {prefix}... are probabilities, not logits: each line adds up to 1; write "
                "their logarithms"
            )
        return scores


def read_header(path: Path) -> Named:
    """Return a table's columns; raise `SpurgenError` as `read_table` does, or if its files differ."""
    first, *others = matching(path)
    names, codes = _header(first)
    for other in others:
        theirs, their_codes = _header(other)
        for what, differ in (("columns", {*theirs} != {*names}), ("ClassLabel types", their_codes != codes)):
            if differ:
                raise SpurgenError(f"{other} has other {what} than {first}; name files of one table")
    return Named(path, names, codes)


def _header(path: Path) -> tuple[list[str], dict[str, dict[str, str]]]:
    with _named_errors(path):
        names, codes = parquet_header(path) if path.suffix in PARQUET else (csv_header(path), {})
    if not names:
        raise SpurgenError(f"{path} has no lines")
    return names, codes


def read_table(path: Path, wanted: Callable[[str], bool] = lambda _: True) -> Table:
    """Return a table; a path with a `*` is one in several files.

    Only the columns whose names are `wanted` are kept: the texts of a large data set need not fit the memory. Raises
    `SpurgenError` for a file that cannot be read or is empty, columns of the same name, and a line of CSV with more or
    fewer entries than the header; and for a small file that holds far more than its size, which is not read to its end.
    """
    files = matching(path)
    return Table(path, pd.concat([_read(file, wanted) for file in files], keys=files))


def _read(path: Path, wanted: Callable[[str], bool]) -> pd.DataFrame:
    with _named_errors(path):
        frame = (read_parquet if path.suffix in PARQUET else read_csv)(path, wanted)
    if not len(frame):
        raise SpurgenError(f"{path} has no lines")
    return frame


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Turn errors of reading a file into a `SpurgenError` with its name."""
    try:
        yield
    except (FileNotFoundError, MissingError):
        raise SpurgenError(f"{path} does not exist") from None
    except SpurgenError:  # some are ValueErrors as well
        raise
    except UnicodeDecodeError as error:
        misnamed = path.suffix not in PARQUET and is_parquet(path)
        cure = "this is Parquet: name it .parquet" if misnamed else f"{error}; save it as UTF-8"
        raise SpurgenError(f"cannot read {path}: {cure}") from None
    except (OSError, EOFError, ValueError, NotImplementedError, MemoryError, csv.Error, zlib.error) as error:
        raise SpurgenError(f"cannot read {path}: {str(error).strip().partition(chr(10))[0]}") from None


def categorical(names: pd.Series, known: Iterable[str] | None = None) -> pd.Series:
    """Return names as a categorical column; `known`: all there are, in order, else those present are put in order."""
    return names.astype(pd.CategoricalDtype(list(dict.fromkeys(in_order(names) if known is None else known))))


def in_order(names: pd.Series) -> tuple[str, ...]:
    """Return the different names in order: by number where all are numbers, else by the alphabet."""
    different = set(names)
    try:
        numbers = {name: float(name) for name in different}
    except ValueError:
        return tuple(sorted(different))
    has_order = not any(map(math.isnan, numbers.values()))
    return tuple(sorted(different, key=numbers.__getitem__ if has_order else None))


def values_of(column: pd.Series) -> tuple[str, ...]:
    """Return the names that a categorical column knows, in order."""
    return tuple(column.cat.categories)


def places(column: pd.Series) -> Int64:
    """Return the place of each entry of a categorical column among its names, int64 (n,)."""
    return np.asarray(column.cat.codes, dtype=np.int64)


def are_probabilities(scores: Float64) -> bool:
    """Return whether scores, float64 (n, K), are probabilities: rows of more than zeros and ones that add up to 1."""
    within = bool(((scores >= 0) & (scores <= 1)).all())
    return within and bool((np.abs(scores.sum(axis=1) - 1) < 1e-3).all()) and bool(((scores > 0) & (scores < 1)).any())
