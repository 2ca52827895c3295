"""Several rows replaced together, or none."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from spurgen.harness.machine.files import locked, removed_on_failure, write_atomically
from spurgen.harness.machine.interrupts import hold_signals
from spurgen.harness.results.rows import Row
from spurgen.harness.results.store import Store


def replace_rows(rows: Sequence[tuple[Store, str, Callable[[Row], Row]]]) -> None:
    """Replace rows by what functions make of them: all, or none if one cannot be made or written.

    All are written under temporary names before the first is put in place; on failure these are removed, and so are
    folders that were made. Signals wait while rows are put in place; if the system refuses one then, those before it
    become again what they were.
    """
    folders = sorted({store.folder for store, *_ in rows})  # in one order, so that two processes cannot wait in a ring
    with removed_on_failure(folders), ExitStack() as stack:
        for folder in folders:
            stack.enter_context(locked(folder))
        put = [stack.enter_context(store.staged(label, made(store.row(label)))) for store, label, made in rows]
        stack.enter_context(hold_signals())
        undone = stack.enter_context(ExitStack())
        for put_one, (store, label, _) in zip(put, rows, strict=True):
            files = store.files(label)
            undone.callback(_put_back, {path: path.read_bytes() if path.exists() else None for path in files})
            put_one()
        undone.pop_all()


def _put_back(contents: Mapping[Path, bytes | None]) -> None:
    """Give files the contents that they had, None for no file, as far as the system lets it."""
    for path, content in contents.items():
        with suppress(OSError):
            if content is None:
                path.unlink(missing_ok=True)
            elif not path.exists() or path.read_bytes() != content:
                try:
                    write_atomically(path, content)
                except OSError:  # such as a system that renames nothing
                    path.write_bytes(content)
