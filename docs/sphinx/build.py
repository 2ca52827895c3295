"""Build the documentation site: `python docs/sphinx/build.py site/docs`."""

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sphinx.cmd.build import build_main
from staging import stage

ROOT = Path(__file__).parents[2]
PROJECT = b"# Project: SpurGen"


def main(arguments: list[str] | None = None) -> int:
    """Build the site; warnings are errors, and leave the folder as it is. Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder of the HTML pages, such as site/docs")
    parser.add_argument("--board", default="", help="where the leaderboard's pages are, such as ../index.html")
    parsed = parser.parse_args(arguments)
    if not is_replaceable(parsed.out):
        parser.error(f"{parsed.out} has files that are no documentation of SpurGen; name another folder, or empty it")
    os.environ["SPURGEN_BOARD"] = parsed.board
    parsed.out.parent.mkdir(parents=True, exist_ok=True)
    beside = TemporaryDirectory(dir=parsed.out.parent, prefix=f".{parsed.out.name}-")  # on the disk of what is renamed
    with TemporaryDirectory() as folder, beside as target:
        sources, cache, built = Path(folder, "docs"), Path(folder, "cache"), Path(target, "site/docs")
        stage(ROOT, sources)
        options = ["-q", "-b", "html", "-W", "--keep-going", "-c", str(Path(__file__).parent), "-d", str(cache)]
        if code := build_main([*options, str(sources), str(built)]):
            return int(code)
        swap(built, parsed.out, Path(target, "old"))
    return 0


def is_replaceable(folder: Path) -> bool:
    """Return whether a folder can be replaced: it is missing, empty, or was made by this command."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        return False
    return not folder.exists() or not any(folder.iterdir()) or _is_ours(folder)


def _is_ours(folder: Path) -> bool:
    inventory = folder / "objects.inv"  # which Sphinx writes last; its head is text
    return inventory.is_file() and PROJECT in inventory.read_bytes()[:200].splitlines()


def swap(built: Path, out: Path, old: Path) -> None:
    """Rename a built folder to `out`, and what was there to `old`; if that fails, leave `out` as it was."""
    if out.exists():
        out.rename(old)
    try:
        built.rename(out)
    except OSError:
        if old.exists():
            old.rename(out)
        raise


if __name__ == "__main__":
    sys.exit(main())
