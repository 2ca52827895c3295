"""Settings of Sphinx for the documentation site."""

import os
import sys
from importlib.metadata import version as installed
from pathlib import Path

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
html_title = "SpurGen"
html_static_path = [str(Path(__file__).parent / "static")]
html_css_files = ["site.css"]
html_copy_source = False
html_show_search_summary = False  # it would fetch pages, which browsers refuse for files
html_show_sphinx = False
html_theme_options: dict[str, bool | str] = {"navigation_with_keys": True}
if board := os.environ.get("SPURGEN_BOARD"):  # `build.py --board`: the address of the leaderboard's pages
    html_theme_options["announcement"] = f'<a href="{board}">Leaderboard</a>'
