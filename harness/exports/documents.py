"""The documents of a data set: scenario, licence, data card or datasheet, and Croissant description."""

import os
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import tomli_w

from spurgen.benchmark.errors import MissingError, ReadError
from spurgen.benchmark.reading import read_json
from spurgen.benchmark.shell import pip_install
from spurgen.benchmark.suite import Suite
from spurgen.harness.exports.datasheet import data_card, suite_datasheet
from spurgen.harness.exports.index import Index
from spurgen.harness.exports.licences import licence_text
from spurgen.harness.exports.plan import Plan
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.splits.freeze import Description

SCENARIO, CARD, CROISSANT, LICENSE = "scenario.toml", "README.md", "croissant.json", "LICENSE"
NAMES = (SCENARIO, LICENSE, CARD)


def write_scenario(scenario: Description, path: Path) -> None:
    """Write the scenario of which a data set is a function."""
    description = tomli_w.dumps(scenario.model_dump(mode="json", exclude_none=True))
    text = f"# Written by spurgen; the data are a function of it.\n{description}"
    path.write_text(text, encoding="utf-8")


def write(plan: Plan, folder: Path, index: Index) -> None:
    """Write all documents of a data set, the Croissant description only where mlcroissant is installed."""
    write_scenario(plan.scenario, folder / SCENARIO)
    (folder / LICENSE).write_text(licence_text([plan.scenario]), encoding="utf-8")
    (folder / CARD).write_text(data_card(plan, index), encoding="utf-8")
    if can_describe():
        from spurgen.harness.exports.croissant import of_data_set  # mlcroissant takes a second to import

        (folder / CROISSANT).write_text(of_data_set(plan, folder, index, today()), encoding="utf-8")


def write_suite(suite: Suite) -> list[Path]:
    """Write the datasheet of a frozen suite and its Croissant description, which keeps the date of the first one.

    Return the files: the datasheet alone without mlcroissant. Raise `FrozenDataError` if there is no manifest.
    """
    written = {suite.datasheet_file: suite_datasheet(suite)}
    if can_describe():
        from spurgen.harness.exports.croissant import of_suite

        written[suite.croissant_file] = of_suite(suite, _first_date(suite.croissant_file))
    for path, text in written.items():
        write_atomically(path, text)
    return list(written)


def can_describe() -> bool:
    """Return whether mlcroissant, of the extra `data`, is installed."""
    return find_spec("mlcroissant") is not None


def left_out(file: Path) -> str:
    """Return a line about a Croissant description that could not be written."""
    return f"{file} was left out: it needs mlcroissant; run {pip_install('data')} and write it again"


def _first_date(path: Path) -> str:
    """Return the date of publication in a Croissant description, or today's if there is none yet."""
    try:
        return str(read_json(path, "the Croissant description")["datePublished"])
    except MissingError:
        return today()
    except (KeyError, TypeError):
        raise ReadError(f"{path} has no datePublished; restore it from version control, or delete it") from None


def today() -> str:
    """Return the date, or that of SOURCE_DATE_EPOCH (reproducible-builds.org), seconds since 1970."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdecimal() else datetime.now(UTC)
    return now.date().isoformat()
