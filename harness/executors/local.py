"""Runs cells on this machine, one process per core."""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from os import cpu_count, environ

from spurgen.benchmark.record import Cell
from spurgen.harness.cell import CellSpec, run_cell
from spurgen.harness.process import ONE_THREAD


def run(cells: Sequence[CellSpec], jobs: int | None = None) -> Iterator[tuple[CellSpec, Cell]]:
    """Yields every cell as it ends, in any order; stopping early gives up the unfinished ones."""
    environ.update(ONE_THREAD)  # for the pool's processes; this one only waits
    pool = ProcessPoolExecutor(jobs or cpu_count(), get_context("spawn"))
    try:
        waiting: dict[Future[Cell], CellSpec] = {pool.submit(run_cell, cell): cell for cell in cells}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
    finally:
        for process in list((pool._processes or {}).values()):  # no public way to stop them
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)
