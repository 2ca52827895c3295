"""Build the documentation into the folder of the board's site: `python docs/sphinx/build.py site/docs`."""

import argparse
import io
import re
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from sphinx.cmd.build import build_main
from staging import stage

HERE = Path(__file__).parent
PROJECT = b"# Project: SpurGen"
KEPT = {"base.css", "docs.css", "icon.svg"}
"""The files of `_static` that pages ask for; the theme and extensions bring others."""
QUALITY = 40  # of WebP, which takes an eighth of PNG
STYLED = 'c1|k|kc|kn|mf|mi|nc|nd|nf|nt|ow|s1|s2|sa|sd|se|si|sig-name[^"]*'
UNSTYLED = re.compile(rf'<span(?: class="(?!(?:{STYLED})")[^"]*")?>([^<]*)</span>')
CLASSES = re.compile(
    r' class="(?:docutils (?:align-default|container)|(?:code )?docutils literal notranslate|(?:head )?text-left|'
    r'highlight-\w+ notranslate|py [a-z]+|reference internal|row-(?:odd|even)|simple|toctree-l\d)"'
)
"""Marks and classes without a style in docs.css, a third of all pages."""


def main(arguments: list[str] | None = None) -> int:
    """Build the site; warnings are errors, and leave the folder as it is. Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder of the HTML pages: docs in the folder of spurgen site")
    out: Path = parser.parse_args(arguments).out
    inventory = out / "objects.inv"  # which Sphinx writes last; its head is text
    ours = inventory.is_file() and PROJECT in inventory.read_bytes()[:200].splitlines()
    if out.is_symlink() or (out.exists() and not ours and (out.is_file() or any(out.iterdir()))):
        parser.error(f"{out} has files that are no documentation of SpurGen; name another folder, or empty it")
    with TemporaryDirectory() as folder:
        sources, built = Path(folder, "sources"), Path(folder, "site", "docs")
        stage(HERE.parents[1], sources)
        options = ["-q", "-b", "html", "-W", "--keep-going", "-c", str(HERE), "-d", str(Path(folder, "cache"))]
        if code := build_main([*options, str(sources), str(built)]):
            return int(code)
        lighten(built)
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(built, out)
    return 0


def lighten(built: Path) -> None:
    """Delete what no page asks for, keep pictures as WebP, and drop marks without a style from code."""
    (built / "search.html").unlink(missing_ok=True)  # the board's search is over both
    for path in (built / "_static").rglob("*"):
        if path.is_file() and path.name not in KEPT:
            path.unlink()
    pictures = list(built.rglob("*.png"))
    for path in pictures:
        path.with_suffix(".webp").write_bytes(_webp(path))
        path.unlink()
    for page in built.rglob("*.html"):
        text = page.read_text("utf-8")
        for path in pictures:
            text = text.replace(path.name, f"{path.stem}.webp")
        while (lighter := UNSTYLED.sub(r"\1", text)) != text:
            text = lighter
        text = CLASSES.sub("", text).replace(' download=""', "")
        page.write_text(text, "utf-8")


def _webp(path: Path) -> bytes:
    """Return a picture as WebP: exact where that is smaller, as charts are."""
    exact, lossy = io.BytesIO(), io.BytesIO()
    with Image.open(path) as picture:
        picture.save(exact, "WEBP", lossless=True, method=0)  # by default charts are a tenth smaller, in 4 x the time
        picture.save(lossy, "WEBP", quality=QUALITY, method=6)
    return min(exact.getvalue(), lossy.getvalue(), key=len)


if __name__ == "__main__":
    sys.exit(main())
