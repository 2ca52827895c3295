"""Merging rows that were made separately: the results of several folders in one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.machine.files import check_writable, locked
from spurgen.harness.results.rows import Row, TaskRow, join
from spurgen.harness.results.store import KINDS, Store


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
