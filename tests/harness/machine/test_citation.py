import re
from pathlib import Path

from spurgen.harness.machine.provenance import bibtex

ROOT = Path(__file__).parents[3]


def test_the_entry_agrees_with_citation_cff():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    fields = {name: value.strip('"') for name, value in re.findall(r"^([a-z-]+): (.+)$", text, re.MULTILINE)}
    (author,) = re.findall(r"^  - name: (.+)$", text, re.MULTILINE)
    assert "{{SpurGen}: " in bibtex()  # BibTeX styles would print it in lower case
    plain = bibtex().replace("{SpurGen}", "SpurGen")
    entry = dict(re.findall(r"^  (\w+) += \{+(.+?)\}+,?$", plain, re.MULTILINE))
    assert entry == {"title": fields["title"], "author": author, "year": "2026", "note": f"Version {fields['version']}"}
    assert fields["type"] == "software"
    assert bibtex().startswith("@software{spurgen,\n")


def test_the_readme_has_the_entry():
    assert f"```bibtex\n{bibtex()}```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_data_are_named():
    assert "0; suite v1, manifest SHA-256 ab}" in bibtex("suite v1, manifest SHA-256 ab")
