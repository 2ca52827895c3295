"""Build the documentation site: `python docs/sphinx/build.py site/docs`."""

import argparse
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sphinx.cmd.build import build_main
from staging import stage

HERE = Path(__file__).parent
PROJECT = b"# Project: SpurGen"


def main(arguments: list[str] | None = None) -> int:
    """Build the site; warnings are errors, and leave the folder as it is. Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder of the HTML pages, such as site/docs")
    parser.add_argument("--board", default="", help="where the leaderboard's pages are, such as ../index.html")
    parsed = parser.parse_args(arguments)
    out: Path = parsed.out
    inventory = out / "objects.inv"  # which Sphinx writes last; its head is text
    ours = inventory.is_file() and PROJECT in inventory.read_bytes()[:200].splitlines()
    if out.is_symlink() or (out.exists() and not ours and (out.is_file() or any(out.iterdir()))):
        parser.error(f"{out} has files that are no documentation of SpurGen; name another folder, or empty it")
    os.environ["SPURGEN_BOARD"] = parsed.board
    with TemporaryDirectory() as folder:
        sources, built = Path(folder, "sources"), Path(folder, "site", "docs")
        stage(HERE.parents[1], sources)
        options = ["-q", "-b", "html", "-W", "--keep-going", "-c", str(HERE), "-d", str(Path(folder, "cache"))]
        if code := build_main([*options, str(sources), str(built)]):
            return int(code)
        if parsed.board:  # whose search is over both
            (built / "search.html").unlink()
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(built, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
