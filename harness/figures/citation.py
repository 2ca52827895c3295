"""How to cite SpurGen: the BibTeX entry of CITATION.cff."""

from importlib.metadata import version

TITLE = "SpurGen: the benchmark that tells whether a model learned the task or a shortcut"
AUTHORS = "The SpurGen authors"
YEAR = 2026


def bibtex(data: str = "") -> str:
    """Return the entry; `data` names the suite and its manifest, so that a paper says which data it used."""
    note = f"Version {version('spurgen')}" + (f"; {data}" if data else "")
    return (
        f"@software{{spurgen,\n  title  = {{{TITLE}}},\n  author = {{{{{AUTHORS}}}}},\n  year   = {{{YEAR}}},\n"
        f"  note   = {{{note}}}\n}}\n"
    )
