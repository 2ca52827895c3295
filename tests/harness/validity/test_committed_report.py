"""The report that comes with SpurGen is what its results and its code give."""

from pathlib import Path

import pytest

from spurgen.harness.cli import main
from spurgen.harness.commands.validity import BEGIN, END
from spurgen.harness.results.store import SHIPPED

ROOT = Path(__file__).parents[3]


def section(page):
    return page.read_text().partition(BEGIN)[2].partition(END)[0]


@pytest.mark.slow
def test_the_report_is_current(tmp_path):
    docs, page, kept = ROOT / "docs/validity.md", tmp_path / "page.md", ROOT / "benchmark/validity"
    page.write_text(docs.read_text())
    main(["validity", "--results", str(SHIPPED), "--out", str(tmp_path / "out"), "--page", str(page)])
    assert {path.name for path in kept.iterdir()} == {path.name for path in (tmp_path / "out").iterdir()}
    for name in ("validity.json", "validity.md"):
        assert (tmp_path / "out" / name).read_text() == (kept / name).read_text(), "run make validity"
    assert section(page) == section(docs)
