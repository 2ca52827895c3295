"""The licences of data: our own, and that of the pictures of things, which ladders show."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from spurgen.benchmark.ladder import Ladder
from spurgen.harness.splits.freeze import Description

MIT_PAGE, APACHE_PAGE = "https://opensource.org/license/mit", "https://www.apache.org/licenses/LICENSE-2.0"
CREDIT = "The pictures of things are from Noto Emoji, copyright Google Inc., under the Apache License, Version 2.0."
THINGS = "things.LICENSE.md"


def shows_things(scenarios: Sequence[Description]) -> bool:
    """Return whether data show pictures of things."""
    return any(isinstance(scenario, Ladder) for scenario in scenarios)


def licence_pages(scenarios: Sequence[Description]) -> list[str]:
    """Return the addresses of the licences of data of these scenarios."""
    return [MIT_PAGE, APACHE_PAGE] if shows_things(scenarios) else [MIT_PAGE]


def licence_sentences(scenarios: Sequence[Description]) -> str:
    """Return sentences on the licences of data of these scenarios, with the required credit."""
    return f"Under the MIT licence.{f' {CREDIT}' if shows_things(scenarios) else ''}"


def licence_text(scenarios: Sequence[Description]) -> str:
    """Return the text of the licences of data of these scenarios."""
    mit = (Path(__file__).parent / "templates" / "MIT.txt").read_text(encoding="utf-8")
    if not shows_things(scenarios):
        return mit
    return f"{mit}\n{CREDIT}\n\n{files('spurgen.generators').joinpath(THINGS).read_text(encoding='utf-8')}"
