"""All files of the site, from the material."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from spurgen.harness.board.export import to_csv, to_json
from spurgen.harness.board.latex import board_latex
from spurgen.harness.board.markdown import to_markdown
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.index_page import index_page
from spurgen.harness.site.material import Material
from spurgen.harness.site.names import file_name
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.render import page
from spurgen.harness.site.row_page import row_page
from spurgen.harness.site.stamp import DOCS
from spurgen.harness.site.task_page import task_page
from spurgen.harness.site.trust_page import trust_page

STATIC = Path(__file__).parent / "static"
NAVIGATION = (("Leaderboard", "index.html"), ("Can I trust it?", "trust.html"))
Files = dict[str, bytes]
"""Contents by path from the site's folder."""


def build(material: Material) -> Files:
    """Return every file of the site."""
    pictures, figures = Pictures(), Figures()
    made = {path: content.encode() for path, content in _pages(material, pictures, figures)}
    static = {f"static/{path.name}": path.read_bytes() for path in sorted(STATIC.iterdir())}
    return made | pictures.files | figures.files | _downloads(material) | static


def _pages(material: Material, pictures: Pictures, figures: Figures) -> Iterator[tuple[str, str]]:
    yield "index.html", _page(material, "index.html", "index", index_page(material, figures))
    yield "trust.html", _page(material, "trust.html", "trust", trust_page(material))
    for task in material.board.tasks:
        here = f"tasks/{file_name(task)}.html"
        yield here, _page(material, here, "task", task_page(material, pictures, task))
    for label, name in material.pages.items():
        if material.rows[label].keys() & material.board.tasks.keys():
            here = f"rows/{name}.html"
            yield here, _page(material, here, "row", row_page(material, pictures, label))


def _page(material: Material, here: str, template: str, content: Mapping[str, object]) -> str:
    about: dict[str, object] = {
        "suite": material.suite.name,
        "suite_spoken": material.suite.spoken,
        "digest": material.board.manifest_sha256,
        "nav": [*NAVIGATION, *([("Documentation", f"{DOCS}/index.html")] if material.documented else [])],
        "here": here,
        "tasks": list(material.board.tasks),
    }
    return page(f"{template}.html.j2", "../" * here.count("/"), about | {**content})


def _downloads(material: Material) -> Files:
    board = material.board
    texts = {"csv": to_csv(board), "json": to_json(board), "md": to_markdown(board)}
    shown = {name: material.board_of(name) for name in (*board.overall, *board.tasks)}
    tables = [board_latex(part, name, f"Results on {name}.") for name, part in shown.items() if part.rows or part.few]
    texts["tex"] = "\n".join(tables)
    return {f"leaderboard.{ending}": text.encode() for ending, text in texts.items()}
