"""Under which licences data are: our own, and that of the pictures of things, which ladders show."""

from collections.abc import Sequence
from importlib.resources import files

from spurgen.benchmark.ladder import Ladder
from spurgen.benchmark.scenario import Scenario
from spurgen.harness.machine.citation import AUTHORS

MIT = f"""\
MIT License

Copyright (c) 2026 {AUTHORS}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
MIT_PAGE, APACHE_PAGE = "https://opensource.org/license/mit", "https://www.apache.org/licenses/LICENSE-2.0"
CREDIT = "The pictures of things are from Noto Emoji, copyright Google Inc., under the Apache License, Version 2.0."
THINGS = "things.LICENSE.md"


def shows_things(scenarios: Sequence[Scenario | Ladder]) -> bool:
    """Return whether data show pictures of things."""
    return any(isinstance(scenario, Ladder) for scenario in scenarios)


def licence_pages(scenarios: Sequence[Scenario | Ladder]) -> list[str]:
    """Return the addresses of the licences of data of these scenarios."""
    return [MIT_PAGE, APACHE_PAGE] if shows_things(scenarios) else [MIT_PAGE]


def licence_sentences(scenarios: Sequence[Scenario | Ladder]) -> str:
    """Return under which licences data of these scenarios are, with the credit that is due."""
    own = "Under the MIT licence."
    return f"{own} {CREDIT}" if shows_things(scenarios) else own


def licence_text(scenarios: Sequence[Scenario | Ladder]) -> str:
    """Return the text of the licences of data of these scenarios."""
    if not shows_things(scenarios):
        return MIT
    return f"{MIT}\n{CREDIT}\n\n{files('spurgen.generators').joinpath(THINGS).read_text(encoding='utf-8')}"
