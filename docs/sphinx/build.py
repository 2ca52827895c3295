"""Build the documentation site: `python docs/sphinx/build.py site/docs`."""

import argparse
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sphinx.cmd.build import build_main
from staging import stage

ROOT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Build the site; warnings are errors, and leave the folder as it is. Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder of the HTML pages, such as site/docs")
    parser.add_argument("--board", default="", help="where the leaderboard's pages are, such as ../index.html")
    parsed = parser.parse_args(arguments)
    os.environ["SPURGEN_BOARD"] = parsed.board
    with TemporaryDirectory() as folder:
        sources, built, cache = (Path(folder, name) for name in ("docs", "site/docs", "cache"))
        stage(ROOT, sources)
        options = ["-q", "-b", "html", "-W", "--keep-going", "-c", str(Path(__file__).parent), "-d", str(cache)]
        if code := build_main([*options, str(sources), str(built)]):
            return int(code)
        shutil.rmtree(parsed.out, ignore_errors=True)
        shutil.copytree(built, parsed.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
