"""Running what is missing of a suite, and rebuilding the leaderboard from what is there."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from spurgen.baselines.training.weights import check_installed
from spurgen.benchmark.errors import SpurgenError, SubmissionError
from spurgen.benchmark.plugins import discover
from spurgen.benchmark.specs import BASELINES, is_baseline
from spurgen.benchmark.suggest import is_word, suggestion
from spurgen.benchmark.suite import Suite, load_suite
from spurgen.harness.machine import pool
from spurgen.harness.machine.progress import make_progress
from spurgen.harness.results.identity import submission_digest
from spurgen.harness.results.sources import locate
from spurgen.harness.results.store import (
    cell_file,
    check_owner,
    label_of,
    read_cell,
    write_cell,
)
from spurgen.harness.running.job import CellSpec
from spurgen.harness.running.private_job import PrivateCellSpec
from spurgen.harness.sandbox.process import describe

Spec = TypeVar("Spec", CellSpec, PrivateCellSpec)
CANONICAL = "v1"
SIGNS = ("signs-image", "signs-text", "signs-multimodal")  # its main tasks


def baseline_specs(names: Sequence[str] = ()) -> list[str]:
    """Returns the baselines' specs, all or those named; unknown names are specs of their own, `~` in paths a home.

    Raises `SubmissionError` with the nearest baselines for a single word that is no module either.
    """
    known = discover(BASELINES)
    own = {name: str(Path(name).expanduser()) if name.endswith(".py") else name for name in names}
    for name in own:
        if is_word(name) and name not in known and not locate(name, [*map(Path, sys.path), Path.cwd()]):
            raise SubmissionError(f"there is no baseline {name!r}, nor a module here; {suggestion(name, known)}")
    return [f"{BASELINES}.{name}:submission" if name in known else own[name] for name in (names or known)]


def plan(suite: str, tasks: Sequence[str], specs: Sequence[str], seeds: int, **common: Any) -> list[CellSpec]:  # noqa: ANN401
    """Lists cells, the first seeds of every submission before the later ones."""
    loaded = load_suite(suite)
    names = [loaded.task(name).name for name in tasks] or list(loaded.tasks)
    return [CellSpec(suite, t, spec, seed, **common) for seed in range(seeds) for spec in specs for t in names]


def offered(suite: Suite, cells: Sequence[CellSpec]) -> tuple[list[CellSpec], list[str]]:
    """Keeps the cells whose submission takes the task's modality, and says which it leaves out.

    Raises `SubmissionError` if a submission cannot be loaded: before any work, and without a row.
    """
    about = {
        spec: describe(spec, {}, cell.limits, cell.device)
        for spec, cell in {cell.spec: cell for cell in cells}.items()
        if not is_baseline(spec)  # they take all, as their contract test says
    }
    kept: list[CellSpec] = []
    skipped: dict[str, None] = {}
    for cell in cells:
        taken = about[cell.spec]["modalities"] if cell.spec in about else None
        modality = suite.task(cell.task).modality
        if taken is None or modality in taken:
            kept.append(cell)
        else:
            skipped[f"skipped {cell.task}, which is {modality}: {cell.spec} takes {', '.join(taken)}"] = None
    return kept, list(skipped)


def check_backbones(cells: Iterable[CellSpec | PrivateCellSpec]) -> None:
    """Raises `SubmissionError` if a baseline would start from weights that are not installed: before any work."""
    for suite, task in dict.fromkeys((c.suite, c.task) for c in cells if is_baseline(c.spec)):
        if load_suite(suite).task(task).backbone == "imagenet":
            check_installed()


def path_of(results: Path, cell: CellSpec | PrivateCellSpec) -> Path:
    """Locates the file that a cell's result has, or will have."""
    return cell_file(
        results, Path(cell.suite).stem, label_of(cell.spec, cell.options), cell.task, cell.seed, cell.identity
    )


def run_missing(
    cells: Sequence[Spec], results: Path, console: Console, jobs: int | None = None
) -> Iterator[tuple[Spec, str | None]]:
    """Runs the cells that have no result yet and keeps each as it ends; yields it with its error, if any."""
    paths = {id(cell): path_of(results, cell) for cell in cells}
    owners: dict[Path, str] = {}
    older = []
    for folder, owner in dict.fromkeys((paths[id(cell)].parent, cell.spec) for cell in cells):
        older += [owner] * check_owner(folder, owner, submission_digest(owner))
        other = owners.setdefault(folder, owner)
        if submission_digest(other) != submission_digest(owner):
            raise SpurgenError(f"{other} and {owner} would share the row {folder.name}; rename one of them")
    missing = [cell for cell in cells if not _is_done(cell, paths[id(cell)])]
    check_backbones(missing)
    for owner in dict.fromkeys(older):
        console.print(
            f"{owner} is not the version that its row was made with, or another file of that name: the row's results "
            "are replaced, all of them, as soon as one is there",
            markup=False, style="yellow", soft_wrap=True,
        )  # fmt: skip
    with make_progress(console) as progress:
        bar = progress.add_task("cells", total=len(cells), completed=len(cells) - len(missing))
        for spec, cell in pool.run(missing, jobs):
            path = paths[id(spec)]
            write_cell(path, cell)
            progress.advance(bar)
            shown = f"WGA {cell.figures['wga']:.3f}" if not cell.error else f"failed: {cell.error.splitlines()[0]}"
            progress.console.print(f"{path.parent.name}  {spec.task}  seed {spec.seed}  {shown}", markup=False)
            yield spec, cell.error


def _is_done(wanted: CellSpec | PrivateCellSpec, path: Path) -> bool:
    """Says whether a cell has its result, and was shut in where that is asked for."""
    strict = wanted.limits.isolation == "bubblewrap"
    return path.exists() and not (strict and read_cell(path).isolation != "bubblewrap")
