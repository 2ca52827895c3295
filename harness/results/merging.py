"""Merging rows that were made separately: the results of several folders in one."""

from dataclasses import replace

from spurgen.benchmark.errors import SpurgenError
from spurgen.harness.results.rows import Row, TaskRow, join


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
