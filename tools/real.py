"""Make the real ladders of suite v4 from WordNet's definitions and open icon sets, or show samples of each group.

Icons come from npm: `npm pack` of each package @iconify-json/SET at the version that tools/collecting/icon_sets.csv
names, all in one folder. WordNet's files are those of Debian's package wordnet-base.
"""

import argparse
import sys
from pathlib import Path

from collecting import glosses, icons
from drawing.real import sheet, table
from drawing.sheets import save
from rich.console import Console

from spurgen.benchmark.suite import SUITES
from spurgen.benchmark.world import load_scenario
from spurgen.benchmark.worlds.collections import Collection
from spurgen.harness.cli import run_script
from spurgen.harness.machine.files import write_atomically
from spurgen.harness.machine.printing import say
from spurgen.harness.options.flags import add_out
from spurgen.harness.options.printing import add_page, renew
from spurgen.harness.own.collection import write_ladder
from spurgen.harness.own.pool import Attribute, Real, Sizes, collected

MARKS = "<!-- real: begin -->", "<!-- real: end -->"
TEXTS, PICTURES = Sizes(600, 128, 150, 32), Sizes(216, 64, 54, 16)
FEW = Sizes(140, 32, 36, 16)
OF_THREE = {TEXTS: Sizes(600, 192, 150, 48), PICTURES: Sizes(216, 96, 54, 24)}


def _real(name: str, label: str, shortcut: str, sizes: Sizes) -> Real:
    """Return a ladder; an attribute is written as its name and values."""
    (of_label, *classes), (of_shortcut, *values) = label.split(), shortcut.split()
    sizes = sizes if len(classes) == 2 else OF_THREE[sizes]
    return Real(name, Attribute(of_label, tuple(classes)), Attribute(of_shortcut, tuple(values)), sizes)


LADDERS: dict[str, dict[str, tuple[Real, ...]]] = {
    "v4": {
        "glosses": (
            _real("geography-topic", "geography named none", "topic animal plant", TEXTS),
            _real("length-topic", "length short long", "topic food artifact", TEXTS),
            _real("opening-topic", "opening the a other", "topic act attribute state", TEXTS),
            _real("act-length", "topic act cognition", "length long short", TEXTS),
            _real("state-length", "topic state attribute", "length long short", TEXTS),
            _real("attribute-opening", "topic attribute state act", "opening the a other", TEXTS),
        ),
        "icons": (
            _real("animal-style", "kind animal food", "style colour line", PICTURES),
            _real("vehicle-style", "kind animal food vehicle", "style solid colour line", PICTURES),
            _real("style-food", "style line solid", "kind food tool", PICTURES),
            _real("style-vehicle", "style line solid", "kind vehicle tool", PICTURES),
            _real("style-animal", "style solid colour line", "kind food animal tool", PICTURES),
        ),
    },
    "tuning": {
        "glosses": (_real("length-person", "length short long", "topic person communication", TEXTS),),
        "icons": (_real("style-clothing", "style line solid", "kind clothing building", FEW),),
    },
    "aside": {
        "glosses": (_real("person-length", "topic person artifact", "length long short", TEXTS),),
        "icons": (_real("tool-style", "kind animal tool", "style line solid", PICTURES),),
    },
}
"""By suite and table. Methods are tuned on `tuning`, whose samples no other suite has. Nobody has looked at `aside`:
its ladders were chosen before any result, and test what was learned on the others."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the script's flags."""
    parser.add_argument("--icons", type=Path, metavar="FOLDER", help="archives of npm pack; without them, none is made")
    add_page(parser, *MARKS)
    parser.add_argument("--suite", choices=LADDERS, default="v4", help="whose ladders; default: v4")
    add_out(parser, "folder of the suites, each of which has one for its scenarios and tables", SUITES)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write both tables, the scenario files of their ladders, and the credits; renew the page that shows samples."""
    folder, ladders = arguments.out / arguments.suite, LADDERS[arguments.suite]
    if arguments.icons:
        for table, pool in (("glosses", glosses.pool()), ("icons", icons.pool(arguments.icons))):
            for collection in collected(pool, arguments.suite, ladders[table], folder / f"{table}.npz"):
                write_ladder(collection, None, folder / f"{collection.name}.toml")
                say(console, f"{collection.name}: {dict(collection.sizes)}")
        write_atomically(folder / "CREDITS.md", credited())
    if arguments.page:
        names = [ladder.name for of_table in ladders.values() for ladder in of_table]
        shown = [_shown(folder / f"{name}.toml", arguments.page) for name in names]
        console.print(renew(arguments.page, *MARKS, "\n\n".join(shown)))
    return 0


def _shown(file: Path, page: Path) -> str:
    """Return what a ladder's label and shortcut are, and samples of each group; pictures are a file beside the page."""
    ladder = load_scenario(file)
    assert isinstance(ladder, Collection)
    picture = page.parent / f"real-{ladder.name}.png"
    samples = f"![Icons of each group]({picture.name})"
    if "image" in ladder.carriers:
        save(sheet(ladder), picture)
    else:
        samples = table(ladder)
    return f"### {ladder.name}\n\n{ladder.about}\n\n{samples}"


def credited() -> str:
    """Return whom the samples come from, Markdown."""
    lines = [f"| {s['title']} | {s['author']} | <{s['source']}> | {s['licence']} |" for s in icons.read_sets()]
    return "\n".join((CREDITS, "| set | author | source | licence |", "|---|---|---|---|", *lines, ""))


CREDITS = """\
# Whose samples these are

`icons.npz` has icons of the sets below, by npm's packages `@iconify-json`, drawn on a light ground in 112 pixels. Their
versions and digests are in tools/collecting/icon_sets.csv. Each set is under the licence that its line names by its
SPDX identifier, whose text is at `https://spdx.org/licenses/IDENTIFIER.html`; copyright is with the authors.

`glosses.npz` and the texts of `icons.npz` are definitions of WordNet 3.0, under this licence:

> This software and database is being provided to you, the LICENSEE, by Princeton University under the following
> license. By obtaining, using and/or copying this software and database, you agree that you have read, understood, and
> will comply with these terms and conditions.:
>
> Permission to use, copy, modify and distribute this software and database and its documentation for any purpose and
> without fee or royalty is hereby granted, provided that you agree to comply with the following copyright notice and
> statements, including the disclaimer, and that the same appear on ALL copies of the software, database and
> documentation, including modifications that you make for internal use or for distribution.
>
> WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved.
>
> THIS SOFTWARE AND DATABASE IS PROVIDED "AS IS" AND PRINCETON UNIVERSITY MAKES NO REPRESENTATIONS OR WARRANTIES,
> EXPRESS OR IMPLIED. BY WAY OF EXAMPLE, BUT NOT LIMITATION, PRINCETON UNIVERSITY MAKES NO REPRESENTATIONS OR WARRANTIES
> OF MERCHANT- ABILITY OR FITNESS FOR ANY PARTICULAR PURPOSE OR THAT THE USE OF THE LICENSED SOFTWARE, DATABASE OR
> DOCUMENTATION WILL NOT INFRINGE ANY THIRD PARTY PATENTS, COPYRIGHTS, TRADEMARKS OR OTHER RIGHTS.
>
> The name of Princeton University or Princeton may not be used in advertising or publicity pertaining to distribution
> of the software and/or database. Title to copyright in this software, database and any associated documentation shall
> at all times remain with Princeton University and LICENSEE agrees to preserve same.
"""

if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__]))
