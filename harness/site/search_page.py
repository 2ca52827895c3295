"""The search over the board and the documentation: a list of what the board has, which a script filters."""

from spurgen.harness.machine.text import one_line
from spurgen.harness.site.boards import spoken
from spurgen.harness.site.material import Material
from spurgen.harness.site.names import file_name
from spurgen.harness.site.words import given


def search_page(material: Material) -> dict[str, object]:
    """Return the content of the search's template: paths of pages, their titles, and their kinds."""
    ladders = [(f"ladders/{file_name(n)}.html", spoken(climb), "ladder") for n, climb in material.ladders.items()]
    rows = []
    for label, name in material.pages.items():
        results = [part.results[0] for task, part in material.rows[label].items() if task in material.board.tasks]
        if results:
            about = f"{label}, given: {given(results[0].access)}"
            rows.append((f"rows/{name}.html", material.names.get(label) or one_line(label), about))
    pages = [("index.html", "Board", "all methods"), ("trust.html", "Can I trust it?", "validity and limits")]
    return {"entries": [*pages, *ladders, *rows]}
