"""Building all files of the site from the material."""

import io
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageColor

from spurgen.benchmark.suite import DEFAULT_SUITE
from spurgen.harness.board.formats import board_latex, to_csv, to_json
from spurgen.harness.board.rows import paper_names
from spurgen.harness.board.schema import Board
from spurgen.harness.plots import style
from spurgen.harness.plots.style import encode
from spurgen.harness.site.material import Material
from spurgen.harness.site.pages import index_page, ladder_page, ladders_page, row_page, search_page, trust_page
from spurgen.harness.site.render import NAV, Figures, page
from spurgen.harness.site.scenes import Scenes, Story, find_story
from spurgen.harness.site.words import file_name

STATIC = Path(__file__).parent / "static"
STORY = "story.png"
"""Picture of the example, the preview of links to the first page."""
Files = dict[str, bytes]
"""Contents by path from the site's folder."""


def build(material: Material, figures: Figures) -> Files:
    """Return every file of the site; `figures` must be empty, and draws in another process."""
    scenes = Scenes()
    story = find_story(material, scenes)
    if story:
        figures.begin(STORY, _few_colours, partial(story.figure, paper_names(material.rows)))
    made = {path: content.encode() for path, content in _pages(material, scenes, figures, story)}
    static = {f"static/{path.name}": path.read_bytes() for path in sorted(STATIC.iterdir())}
    return made | scenes.files | figures.files | _downloads(material) | static


def _pages(material: Material, scenes: Scenes, figures: Figures, story: Story | None) -> Iterator[tuple[str, str]]:
    yield "index.html", _page(material, "index.html", "index", index_page(material, story, figures))
    yield "trust.html", _page(material, "trust.html", "trust", trust_page(material, figures))
    yield "search.html", _page(material, "search.html", "search", search_page(material))
    if material.ladders:
        yield "ladders/index.html", _page(material, "ladders/index.html", "ladders", ladders_page(material, scenes))
    for name in material.ladders:
        here = f"ladders/{file_name(name)}.html"
        yield here, _page(material, here, "ladder", ladder_page(material, scenes, figures, name))
    for label, name in material.pages.items():
        if material.rows[label].keys() & material.board.tasks.keys():
            here = f"rows/{name}.html"
            yield here, _page(material, here, "row", row_page(material, scenes, figures, label))


def _page(material: Material, here: str, template: str, content: Mapping[str, object]) -> str:
    there = {"Ladders": bool(material.ladders), "Documentation": material.documented}
    about: dict[str, object] = {
        "suite": material.suite.name,
        "suite_spoken": material.suite.spoken,
        "shipped": material.suite.name == DEFAULT_SUITE,
        "digest": material.board.manifest_sha256,
        "nav": [(title, path) for title, path in NAV if there.get(title, True)],
        "documented": material.documented,
        "here": here,
    }
    return page(f"{template}.html.j2", "../" * here.count("/"), about | {**content})


def _downloads(material: Material) -> Files:
    board = material.board
    texts = {"csv": to_csv(board), "json": to_json(board)}
    rungs = {rung.name for climb in material.ladders.values() for rung in climb.rungs}
    shown: dict[str, Board] = {**board.overall, **board.tasks}
    listed = [(name, part) for name, part in shown.items() if name not in rungs and (part.rows or part.few)]
    tables = [board_latex(part, name, f"Results on {name}.") for name, part in listed]
    texts["tex"] = "\n".join(tables)
    return {f"leaderboard.{ending}": text.encode() for ending, text in texts.items()}


def _few_colours(draw: Callable[[], Figure]) -> bytes:
    """Return a PNG of a figure in 256 colours, which takes a third; those of our figures stay as they are."""
    with Image.open(io.BytesIO(encode(draw(), "png"))) as picture:
        drawn = picture.convert("RGB")
    few, pixels = drawn.quantize(256 - len(style.DARK)), np.asarray(drawn)
    numbers, palette = np.array(few), few.getpalette() or []
    for colour in map(ImageColor.getrgb, style.DARK):
        numbers[(pixels == colour).all(axis=-1)] = len(palette) // 3
        palette += colour
    shown, buffer = Image.fromarray(numbers), io.BytesIO()
    shown.putpalette(palette)
    shown.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
