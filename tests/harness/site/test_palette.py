"""Contrast of the site's colours by WCAG 2.2, in both schemes: 4.5 for text (1.4.3), 3 for marks (1.4.11)."""

import re
from itertools import pairwise, product

import matplotlib as mpl
import pytest

from spurgen.harness.site.charts import SHADES
from spurgen.harness.site.figures import STATIC

TEXTS = ("ink", "soft", "link", "good", "bad")
GROUNDS = ("paper", "panel", "row")
MARKS = ("accent", "warm", "none", "envs", "val", "train", "twins")
SITE_CSS = (STATIC / "site.css").read_text()


def schemes():
    """Return colours by name, in light and in dark."""
    light, dark = re.findall(r":root \{(.*?)\}", (STATIC / "palette.css").read_text(), re.DOTALL)
    first, second = (dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in (light, dark))
    return {"light": first, "dark": first | second}


def luminance(colour):
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in mpl.colors.to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(first, second):
    low, high = sorted(map(luminance, (first, second)))
    return (high + 0.05) / (low + 0.05)


def shades():
    """Return background and text colour of every shade of a heat map."""
    return re.findall(r"\.shade-\d+ \{ background: (#\w+); color: (#\w+); \}", SITE_CSS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_stand_out_from_every_ground(scheme):
    colours = schemes()[scheme]
    weak = [(text, on) for text, on in product(TEXTS, GROUNDS) if contrast(colours[text], colours[on]) < 4.5]
    weak += [(mark, "paper") for mark in MARKS if contrast(colours[mark], colours["paper"]) < 3]
    assert weak == []
    assert contrast(colours["ink"], colours["mark"]) >= 4.5


def test_the_placeholder_of_the_search_has_a_colour_of_the_palette():
    assert re.search(r"::placeholder \{ color: var\(--soft\); opacity: 1; \}", SITE_CSS)


def test_shades_are_those_of_cividis_and_every_number_can_be_read():
    colours = [mpl.colors.to_hex(mpl.colormaps["cividis"](k / SHADES)) for k in range(SHADES + 1)]
    assert [ground for ground, _ in shades()] == colours
    assert [k for k, (ground, text) in enumerate(shades()) if contrast(ground, text) < 4.5] == []
    assert all(luminance(darker) < luminance(lighter) for darker, lighter in pairwise(colours))
