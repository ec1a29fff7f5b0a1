"""Sphinx configuration: `sphinx-build -W --keep-going -b html docs docs/_build/html`.

Pages are executed while they are built. `PYSCL_DOCS_ONLY=guide/meshes` builds one page alone.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

from kernel import fingerprint, prepare  # noqa: E402

from pyscl import __version__, _core  # noqa: E402

project = "pyscl"
author = copyright = "The pyscl developers"
release = __version__
ONLY = os.environ.get("PYSCL_DOCS_ONLY")
BUILD = ROOT / "docs" / "_build" / (f"only/{ONLY.replace('/', '_')}" if ONLY else "all")
PACKAGE = Path(_core.__file__), Path(sys.modules["pyscl"].__file__ or "").parent
USED = *PACKAGE, ROOT / "examples", ROOT / "meshes", ROOT / "docs" / "_ext"
CELLS = prepare(ROOT, BUILD, fingerprint(USED))

extensions = [
    "api",
    "gallery",
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinxcontrib.bibtex",
    "sphinx_copybutton",
    "sphinx-mathjax-offline",
]
exclude_patterns = ["_build", "_ext"]
suppress_warnings = ["ref.python"]  # a bare word of a docstring may name several attributes
if ONLY:
    include_patterns = [f"{ONLY}.md"]
    root_doc = ONLY
    suppress_warnings += ["bibtex.key_not_found", "myst.xref_missing"]  # they lead to other pages

# Pages: MyST with executed cells.
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_cache_path = str(CELLS)  # new with every change of package, core or examples
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_show_tb = True
nb_merge_streams = True
nb_render_markdown_format = "myst"

# Sources of laws and numbers.
bibtex_bibfiles = ["../pyscl/references.bib"]
bibtex_default_style = "plain"
bibtex_reference_style = "author_year"

# API from docstrings.
autodoc_typehints = "none"  # docstrings say units and shapes, which types cannot
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 88
napoleon_attr_annotations = False
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
default_role = "py:obj"
smartquotes = False  # options have two dashes

html_theme = "furo"
html_title = f"pyscl {release}"
html_static_path = ["_static"]
html_css_files = ["pyscl.css"]
