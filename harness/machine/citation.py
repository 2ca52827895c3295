"""How to cite SpurGen: the BibTeX entry of CITATION.cff."""

from importlib.metadata import version

TITLE = "the benchmark that tells whether a model learned the task or a shortcut"
AUTHORS = "The SpurGen authors"
YEAR = 2026


def bibtex(data: str = "", *, versioned: bool = True) -> str:
    """Return the entry; `data` names the suite and its manifest, so that a paper says which data it used.

    Use `versioned=False` to cite something that outlives a version of SpurGen.
    """
    note = "; ".join(filter(None, [f"Version {version('spurgen')}" if versioned else "", data]))
    fields = {"title": f"{{SpurGen}}: {TITLE}", "author": f"{{{AUTHORS}}}", "year": str(YEAR), "note": note}
    lines = [f"  {name:<6} = {{{value}}}" for name, value in fields.items()]
    return "@software{spurgen,\n" + ",\n".join(lines) + "\n}\n"
