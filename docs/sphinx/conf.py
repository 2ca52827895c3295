"""Settings of Sphinx for the documentation site."""

import os
import sys
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from spurgen.harness.site.build import STATIC
from spurgen.harness.site.render import NAV, TEMPLATES

sys.path.insert(0, str(Path(__file__).parent))

project = "SpurGen"
author = "The SpurGen authors"
copyright = f"2026, {author}"  # noqa: A001  # Sphinx's name for it
version = release = installed("spurgen")
root_doc = "index"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.githubpages", "formulas", "docstrings"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
default_role = "code"  # docstrings write code in single backticks
highlight_language = "text"
autodoc_typehints = "none"  # of attributes; `docstrings` writes those of functions
python_use_unqualified_type_names = True

nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other libraries: their inventories would need a network

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4  # the anchors that GitHub gives to headings
myst_update_mathjax = False
html_math_renderer = "mathml"

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 900

html_theme = "furo"
html_title = "SpurGen documentation"
templates_path = [str(Path(__file__).parent / "templates"), str(TEMPLATES)]
html_static_path = [str(Path(__file__).parent / "static"), str(STATIC / "header.css")]
html_css_files = ["header.css", "site.css"]
html_copy_source = False
html_show_search_summary = False  # it would fetch pages, which browsers refuse for files
html_show_sphinx = False
BOARD = os.environ.get("SPURGEN_BOARD")
if BOARD:  # the bar has the name and a search over both
    html_sidebars = {"**": ["sidebar/scroll-start.html", "sidebar/navigation.html", "sidebar/scroll-end.html"]}
html_theme_options = {"navigation_with_keys": True}


def setup(app: Sphinx) -> None:
    """Give every page the bar of the board's pages, if `build.py --board` has their place relative to the site."""

    def with_bar(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
        root = context["pathto"](BOARD, 1).removesuffix("index.html")
        has = context["hasdoc"]
        context |= {
            "root": root,
            "nav": NAV,
            "here": f"docs/{page}.html",
            "hasdoc": lambda name: name != "search" and has(name),
        }

    if BOARD:
        app.connect("html-page-context", with_bar)
