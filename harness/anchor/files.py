"""What `spurgen anchor` reads and writes: a data set, and the report, the ranking and a picture beside the results."""

from pathlib import Path

from rich.console import Console

from spurgen.harness.anchor.agreement import agreements
from spurgen.harness.anchor.cache import with_features
from spurgen.harness.anchor.dataset import Attributed
from spurgen.harness.anchor.digits import NAME, read_digits
from spurgen.harness.anchor.figures import figures_of
from spurgen.harness.anchor.folders import read_folder
from spurgen.harness.anchor.picture import draw_digits
from spurgen.harness.anchor.record import AnchorFile
from spurgen.harness.anchor.report import as_published, to_csv, to_markdown
from spurgen.harness.anchor.worlds import Design
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.plotting import save
from spurgen.harness.validity._rows import RankedSuite


def open_data(folder: Path | None, at_most: int, out: Path, console: Console) -> Attributed:
    """Return the data set of a folder, or the digits; features are computed once and kept in `out`."""
    return read_digits() if folder is None else with_features(read_folder(folder, at_most), out, console)


def results_in(out: Path, name: str) -> Path:
    """Return the path of a data set's results."""
    return out / f"{name}.json"


def write_files(content: AnchorFile, suite: RankedSuite, out: Path) -> str:
    """Write the report, the ranking, and for the digits a picture; return the report."""
    name = content.data.name
    picture = f"{name}.png" if name == NAME else None
    if picture:
        save(draw_digits(Design()), out / picture)
    report = to_markdown(content, agreements(figures_of(content), suite, name), picture)
    write_atomically(out / f"{name}.md", report)
    write_atomically(out / f"{name}.csv", to_csv(as_published(content)))
    return report
