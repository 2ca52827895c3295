"""Settings of Sphinx for the documentation site."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

from spurgen.harness.site.build import STATIC
from spurgen.harness.site.render import TEMPLATES

sys.path.insert(0, str(Path(__file__).parent))

project = "SpurGen"
author = "The SpurGen authors"
copyright = f"2026, {author}"  # noqa: A001  # Sphinx's name for it
version = release = installed("spurgen")
root_doc = "index"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.githubpages", "extension"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
default_role = "code"  # docstrings write code in single backticks
highlight_language = "text"
autodoc_typehints = "none"  # of attributes; `extension` writes those of functions
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

html_theme = "basic"  # whose layout ours replaces
html_title = "SpurGen documentation"
templates_path = [str(Path(__file__).parent / "templates"), str(TEMPLATES)]
html_static_path = [str(Path(__file__).parent / "static"), *(str(STATIC / name) for name in ("base.css", "icon.svg"))]
html_copy_source = False
html_domain_indices = False  # the index of names has modules as well
html_permalinks = False  # each page lists its sections
