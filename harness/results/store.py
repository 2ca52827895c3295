"""Results on disk: one text file and one binary file per submission and suite; merging rows made separately.

`<label>.jsonl` is for people to read: a first line with what all results share, a line per result, and a last line with
the SHA-256 of the text above it. `<label>.npz` contains the per-sample arrays; the text has its SHA-256.
Both are replaced together: a killed process leaves the old pair or the new pair.
"""

import hashlib
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path

from spurgen.benchmark.errors import MissingError, ReadError, SpurgenError, shortened
from spurgen.benchmark.plugins import split_spec
from spurgen.benchmark.reading import read_bytes, read_text
from spurgen.benchmark.result import Result, SampleArrays, round_samples
from spurgen.harness.machine.files import check_writable, locked, write_atomically
from spurgen.harness.results.identity import RESULTS
from spurgen.harness.results.row_files import from_bytes, parse, parse_line, to_bytes, to_text
from spurgen.harness.results.rows import Row, TaskRow, join, make_task_row

SHIPPED = Path(__file__).parents[2] / "benchmark" / "results"
"""Folder of the results that ship with the package."""
IN_CONTEXT = "in-context"
"""Folder within one of results: row files of models in context, and `requests` with all their answers."""
OWN = Path(RESULTS)
"""Default folder for a user's own results."""
CEILING, MATCHED, TRICKS = "ceiling", "matched", "tricks"
KINDS = ("", CEILING, MATCHED, TRICKS)
"""Kinds of results, each with a folder of its own; the first is the leaderboard's."""
TEXT_BYTES, ARRAY_BYTES = 1 << 25, 1 << 27  # v4's largest files have 310 KB
LABEL = r"[\w.=+-]+"
REMEDY = "restore it from version control, or delete it and run its jobs again"


def label_of(spec: str, options: Mapping[str, object]) -> str:
    """Return the label of a submission's row: the name of its file, module or object, followed by its options."""
    head, attribute = split_spec(spec)
    if attribute not in ("", "submission"):
        stem = attribute.rpartition(".")[2]
    else:
        stem = Path(head).stem if head.endswith(".py") else head.rpartition(".")[2]
    return re.sub(r"[^\w.=+-]", "_", "-".join([stem, *(f"{name}={value}" for name, value in sorted(options.items()))]))


class Store:
    """The rows of one suite: those in a results folder, and otherwise those that ship with the package.

    A row in the folder hides the shipped row of the same label, and starts as a copy of it. `kind`, one of `KINDS`,
    is not empty for results that are on no leaderboard. Without `shipped`, only the folder counts.
    """

    def __init__(self, results: Path, suite: str, kind: str = "", *, shipped: bool = True) -> None:
        self.folder = results / suite / kind
        ours = SHIPPED / suite / kind
        alone = not shipped or ours.resolve() == self.folder.resolve()
        self._folders = [self.folder] if alone else [self.folder, ours]

    def labels(self) -> list[str]:
        """Return the labels of all rows, sorted; warn of files whose names cannot be a row's, and leave them out."""
        names = {path.stem for folder in self._folders for path in folder.glob("*.jsonl")}
        labels = {name for name in names if re.fullmatch(LABEL, name)}
        for wrong in names - labels:
            named = f"{self.folder} has the file {shortened(f'{wrong}.jsonl')}, which is no row's name"
            expected = "expected letters, digits and . _ = + -; rename or remove it; it is left out"
            warnings.warn(f"{named}: {expected}", stacklevel=2)
        return sorted(labels)

    def rows(self) -> dict[str, Row]:
        """Return all rows by label; raise `SpurgenError`, which names the file, if one is damaged."""
        return {label: self.row(label) for label in self.labels()}

    def overriding(self) -> list[str]:
        """Return the labels of rows in the folder that differ from the shipped rows of the same label, sorted."""
        own, *shipped = self._folders
        pairs = ((path, folder / path.name) for folder in shipped for path in own.glob("*.jsonl"))
        return sorted(
            path.stem for path, other in pairs
            if other.exists() and read_bytes(path, TEXT_BYTES) != read_bytes(other, TEXT_BYTES)
        )  # fmt: skip

    def row(self, label: str) -> dict[str, TaskRow]:
        """Return a row, tasks in the order in which they were first run; an empty one if there is none."""
        texts = (folder / f"{label}.jsonl" for folder in self._folders)
        text = next(filter(Path.exists, texts), None)
        if text is None:
            return {}
        content = read_text(text, TEXT_BYTES)
        while True:
            try:
                return _parse(content, text.parent / f"{label}.npz")
            except ReadError as error:
                before, content = content, read_text(text, TEXT_BYTES)
                if content == before:  # else another process replaced the row in the meantime
                    raise ReadError(f"{text}: {error}; {REMEDY}") from None

    def add(
        self, label: str, result: Result, samples: SampleArrays, is_current: Callable[[Result], bool] | None = None,
        replaceable: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        """Add a result to a row, and drop the results that it makes stale.

        Those are all results of another version of the submission, and all results of the task if one of them is not
        current, since a sum over seeds cannot be undone; by default a result of this seed with another identity is not
        current. If another process already stored a current result of this seed, that one stays and the new one is
        dropped. A failed result that would make finished ones stale is dropped as well.

        `replaceable`: the SHA-256 of every other version whose results may be dropped, by default all. Raise
        `SpurgenError` if the row has results of another version, which a second process wrote in the meantime.
        """
        with locked(self.folder):
            before = self.row(label)
            mine = result.submission_sha256
            others = set() if replaceable is None else versions_of(before) - {*replaceable, mine}
            if others:
                raise SpurgenError(
                    f"the row {label} got results of another version of {result.spec} while this one was scored "
                    f"(SHA-256 {min(others)[:16]}, this one {mine[:16]}), and a row has one version; wait until the "
                    "other command ends and run this one again, or name another folder with --results"
                )
            row = {task: part for task, part in before.items() if part.results[0].submission_sha256 == mine}
            part = row.get(result.task)
            finished = [old for old in part.results if old.error is None] if part else []
            current = is_current or (lambda old: old.seed != result.seed or old.identity == result.identity)
            stale = not all(map(current, finished))
            dropped = [old for task, part in before.items() if task not in row for old in part.results]
            if result.error is not None and (stale or any(old.error is None for old in dropped)):
                return
            if not stale and result.seed in {old.seed for old in finished}:
                return
            new = make_task_row([(result, round_samples(samples))])
            if part and not stale:
                rest = replace(part, results=tuple(old for old in part.results if old.seed != result.seed))
                new = join(f"row {label}, {result.task}", rest, new)
            self.write(label, {**row, result.task: new})

    def update(self, label: str, results: list[Result]) -> None:
        """Replace results by others with the same tasks and seeds; keep their samples.

        Raise `SpurgenError`, and change nothing, if one of them was replaced since the row was read.
        """
        with locked(self.folder):
            row = self.row(label)
            there = {(task, old.seed): old.provenance.finished for task, part in row.items() for old in part.results}
            for result in results:
                if there.get((result.task, result.seed)) != result.provenance.finished:
                    raise SpurgenError(
                        f"the row {label} got another result on {result.task}, seed {result.seed}, while this command "
                        "ran; run it again"
                    )
            changed = {(result.task, result.seed): result for result in results}
            parts = {
                task: replace(part, results=tuple(changed.get((task, r.seed), r) for r in part.results))
                for task, part in row.items()
            }
            self.write(label, parts)

    def write(self, label: str, row: Mapping[str, TaskRow]) -> None:
        """Write a whole row; raise `SpurgenError`, and change nothing, if it is too large to be read again.

        First the arrays are written as a pending file, then the text, whose SHA-256 says which arrays are meant.
        """
        text, binary = self.folder / f"{label}.jsonl", self.folder / f"{label}.npz"
        arrays = to_bytes(row)
        content = to_text(row, hashlib.sha256(arrays).hexdigest())
        if len(content) > TEXT_BYTES or len(arrays) > ARRAY_BYTES:
            sizes = f"{len(content):,} and {len(arrays):,} bytes, at most {TEXT_BYTES:,} and {ARRAY_BYTES:,}"
            raise SpurgenError(f"the row {label} would take {sizes}; score fewer seeds, or let report() return less")
        _complete(text, binary)
        write_atomically(_pending(binary), arrays)
        write_atomically(text, content)
        _pending(binary).replace(binary)


def versions_of(row: Row) -> set[str]:
    """Return the SHA-256 of every version of a submission that a row has results of."""
    return {part.results[0].submission_sha256 for part in row.values()}


def _parse(content: str, binary: Path) -> dict[str, TaskRow]:
    head, results = parse(content)
    arrays = from_bytes(_matching(binary, head.arrays_sha256), head.arrays)
    return {task: TaskRow(tuple(of_task), *arrays.get(task, ())) for task, of_task in results.items()}


def _pending(binary: Path) -> Path:
    return binary.parent / f"{binary.name}.pending"


def _complete(text: Path, binary: Path) -> None:
    """Complete a write that was interrupted after the text, before the next one overwrites the pending arrays."""
    pending = _pending(binary)
    if pending.exists() and text.exists():
        wanted = parse_line(read_text(text, TEXT_BYTES).splitlines(), 1).get("arrays_sha256")
        if hashlib.sha256(read_bytes(pending, ARRAY_BYTES)).hexdigest() == wanted:
            pending.replace(binary)


def _matching(binary: Path, sha256: str) -> bytes:
    """Return the arrays that belong to a text: during or after an interrupted write, those that are still pending.

    Pending arrays are looked for first: a writer may rename them between the two looks, and then the second finds them.
    """
    for path in (_pending(binary), binary):
        with suppress(MissingError):
            content = read_bytes(path, ARRAY_BYTES)
            if hashlib.sha256(content).hexdigest() == sha256:
                return content
    raise ReadError(f"{binary.name} {'does not match its SHA-256' if binary.exists() else 'is missing'}")


def check_owner(row: Mapping[str, TaskRow], label: str, spec: str, submission_sha256: str) -> bool:
    """Return whether a row has results of another version of the submission, which new results will replace.

    Raise `SpurgenError` if the row belongs to another submission. A file that was moved but not edited is the same
    submission.
    """
    owners = [part.results[0] for part in row.values()]
    for owner in owners:
        if _place(owner.spec) != _place(spec) and owner.submission_sha256 != submission_sha256:
            raise SpurgenError(
                f"the row {label} belongs to {owner.spec}; rename {spec}, name another folder with --results, or "
                "delete that row first"
            )
    return any(owner.submission_sha256 != submission_sha256 for owner in owners)


def _place(spec: str) -> str:
    return str(Path(spec).resolve()) if spec.endswith(".py") else spec


def merge_folders(folders: Iterable[Path], results: Path) -> int:
    """Merge the rows of all folders, of every suite and kind, into `results`; return how many rows there were.

    Results that `results` has already stay. Raises `SpurgenError`, which names both folders, if two contradict each
    other, or for a folder without rows; then nothing is merged.
    """
    shares: dict[tuple[str, str, str], dict[str, Store]] = {}
    for folder in folders:
        for suite, kind in product(_suites(folder), KINDS):
            source = Store(folder, suite, kind, shipped=False)
            for label in source.labels():
                shares.setdefault((suite, kind, label), {})[str(folder)] = source
    rows = [(Store(results, suite, kind), label, of) for (suite, kind, label), of in shares.items()]
    for row in rows:  # before any is written
        _joined(*row)
    check_writable(results, "--results")
    for target, label, sources in rows:
        with locked(target.folder):
            target.write(label, _joined(target, label, sources))
    return len(rows)


def merge_rows(label: str, first: Row, second: Row) -> dict[str, TaskRow]:
    """Return a row with the results of both.

    A result that both have is taken once: that of `first`, unless `second` has finished seeds that `first` lacks. A
    failed result gives way to a finished one of its seed, and to one that failed later. Raises `SpurgenError`, which
    names the row, for two versions of a submission, and for seeds that overlap in part: sums over seeds cannot be taken
    apart.
    """
    merged = dict(first)
    for task, part in second.items():
        merged[task] = _merge_parts(f"row {label}, {task}", merged[task], part) if task in merged else part
    versions = {result.submission_sha256 for part in merged.values() for result in part.results}
    if len(versions) > 1:
        found = " and ".join(sorted(version[:16] for version in versions))
        raise SpurgenError(f"row {label} has results of two versions of the submission, {found}; merge one of them")
    return merged


def _merge_parts(where: str, first: TaskRow, second: TaskRow) -> TaskRow:
    merged = _merge_finished(where, _finished(first), _finished(second))
    seeds = {result.seed for result in merged.results}
    failures = [r for r in (*first.results, *second.results) if r.error is not None and r.seed not in seeds]
    failed = {r.seed: r for r in sorted(failures, key=lambda r: (r.provenance.finished, r.model_dump_json()))}
    results = sorted([*merged.results, *failed.values()], key=lambda result: result.seed)
    return replace(merged, results=tuple(results))


def _merge_finished(where: str, first: TaskRow, second: TaskRow) -> TaskRow:
    ours, theirs = ({result.seed: result for result in part.results} for part in (first, second))
    common = ours.keys() & theirs.keys()
    for seed in sorted(common):
        if ours[seed].identity != theirs[seed].identity:
            same = ours[seed].submission_sha256 == theirs[seed].submission_sha256
            of = "" if same else ", of two versions of the submission"
            raise SpurgenError(f"{where}: two different results of seed {seed}{of}; merge one of them")
    if theirs.keys() <= ours.keys():
        return first
    if ours.keys() <= theirs.keys():
        return second
    if common:
        raise SpurgenError(
            f"{where}: both folders have seed {min(common)}, and each has another seed that the other lacks; merge "
            "folders whose seeds do not overlap, and into a new --results if you merged some of them before"
        )
    return join(where, first, second)


def _finished(part: TaskRow) -> TaskRow:
    """Return a part without failed results, which have no arrays."""
    return replace(part, results=tuple(result for result in part.results if result.error is None))


def _joined(target: Store, label: str, sources: Mapping[str, Store]) -> Row:
    """Return a row with the results of the target and of the folders; the first one of each stays.

    A row that comes with spurgen is dropped if a folder contradicts it. Raise `SpurgenError`, which names both folders,
    if two contradict each other.
    """
    folders: Row = {}
    before: dict[str, Store] = {}
    for name, source in sources.items():
        share = source.row(label)
        try:
            folders = merge_rows(label, folders, share)
        except SpurgenError as error:
            raise SpurgenError(f"{_first_against(share, label, before)} and {name}: {error}") from None
        before[name] = source
    here, own = target.row(label), (target.folder / f"{label}.jsonl").exists()
    try:
        return merge_rows(label, here, folders) if own else merge_rows(label, folders, here)
    except SpurgenError as error:
        if own:
            raise SpurgenError(f"{target.folder} and {_first_against(here, label, sources)}: {error}") from None
        return folders


def _first_against(row: Row, label: str, sources: Mapping[str, Store]) -> str:
    """Return the first folder whose row contradicts this one; all of them if only all together do."""
    for name, source in sources.items():
        try:
            merge_rows(label, source.row(label), row)
        except SpurgenError:
            return name
    return ", ".join(sources)


def _suites(folder: Path) -> list[str]:
    """Return the suites of which a folder has rows; raise `SpurgenError`, which names the folder, if there is none."""
    suites = sorted({
        path.relative_to(folder).parts[0] for kind in KINDS for path in folder.glob(str(Path("*", kind, "*.jsonl")))
    })  # fmt: skip
    if not suites:
        raise SpurgenError(f"{folder} has no rows: expected files such as {folder}/SUITE/ROW.jsonl")
    return suites
