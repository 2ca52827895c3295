"""All files of the site, from the material."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from spurgen.harness.board.export import shortened, to_csv, to_json
from spurgen.harness.board.rendering import to_markdown
from spurgen.harness.board.schema import Leaderboard
from spurgen.harness.figures.tables import reliance_table, task_table
from spurgen.harness.site.benchmark_page import benchmark_page
from spurgen.harness.site.figures import Figures
from spurgen.harness.site.material import Material
from spurgen.harness.site.names import file_name
from spurgen.harness.site.overview import overview, task_lines
from spurgen.harness.site.paste import tables_script
from spurgen.harness.site.pictures import Pictures
from spurgen.harness.site.render import page
from spurgen.harness.site.row_page import row_page
from spurgen.harness.site.set_channels import by_channel
from spurgen.harness.site.stamp import DOCS
from spurgen.harness.site.task_page import task_page

HERE = Path(__file__).parent
NAVIGATION = (("Leaderboard", "index.html"), ("Tasks", "tasks.html"), ("The benchmark", "benchmark.html"))
Files = dict[str, bytes]
"""Contents by path from the site's folder."""


def build(material: Material) -> Files:
    """Return every file of the site."""
    pictures, figures = Pictures(), Figures()
    made = {path: content.encode() for path, content in _pages(material, pictures, figures)}
    return made | pictures.files | figures.files | _downloads(material) | _static()


def _pages(material: Material, pictures: Pictures, figures: Figures) -> Iterator[tuple[str, str]]:
    yield "index.html", _page(material, "index.html", overview(material, pictures, figures))
    yield "tasks.html", _page(material, "tasks.html", {"tasks": task_lines(material)})
    yield "benchmark.html", _page(material, "benchmark.html", benchmark_page(material))
    for task in material.tasks:
        here = f"tasks/{file_name(task)}.html"
        yield here, _page(material, here, task_page(material, pictures, figures, task), "task.html.j2")
    for label, name in material.pages.items():
        if material.rows[label].keys() & material.board.tasks.keys():
            yield (
                (here := f"rows/{name}.html"),
                _page(material, here, row_page(material, pictures, label), "row.html.j2"),
            )


def _page(material: Material, here: str, content: Mapping[str, object], template: str | None = None) -> str:
    about: dict[str, object] = {
        "suite": material.suite.name,
        "suite_spoken": material.suite.spoken,
        "digest": material.board.manifest_sha256,
        "nav": [*NAVIGATION, *([("Documentation", f"{DOCS}/index.html")] if material.documented else [])],
        "here": here,
    }
    root = "../" * here.count("/")
    return page(template or f"{here.removesuffix('.html')}.html.j2", root, about | {**content})


def _downloads(material: Material) -> Files:
    board = material.board
    texts = {"csv": to_csv(board), "json": _compact(board), "md": to_markdown(board), "tex": _latex(material)}
    texts["js"] = tables_script(material)
    return {f"leaderboard.{ending}": text.encode() for ending, text in texts.items()}


def _latex(material: Material) -> str:
    """Return the tables of every set of tasks and task, as `spurgen figures --latex` writes them."""
    sheets = {name: sheet for name, sheet in material.sheets.items() if sheet.entries}
    made = [(task_table(sheet), reliance_table(by_channel(material, name))) for name, sheet in sheets.items()]
    tables = [table for pair in made for table in pair if table]
    return "\n".join(table.text for table in tables)


def _compact(board: Leaderboard) -> str:
    """Return the leaderboard as JSON without indents, numbers to eight digits: a third of its size."""
    return json.dumps(shortened(json.loads(to_json(board))), separators=(",", ":"), allow_nan=False) + "\n"


def _static() -> Files:
    files = [*(HERE / "static").iterdir(), *(HERE / "vendor").glob("*/*")]
    return {path.relative_to(HERE).as_posix(): path.read_bytes() for path in sorted(files)}
