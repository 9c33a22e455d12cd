"""The documentation site: `make -C docs html`."""

import os
import pathlib
import sys

DOCS = pathlib.Path(__file__).parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS / "_ext")]
# The tutorials run in processes of their own.
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")

import reference  # noqa: E402

reference.write(DOCS / "reference" / "packages")

project = "tfgvae"
author = "the tfgvae authors"
copyright = author

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "docstrings",
]
exclude_patterns = ["_build", "_ext"]
highlight_language = "none"  # Blocks without a language are formulas, tables and command lines.
smartquotes_action = "D"  # Dashes only: three dots and quotes stay what they are.
toc_object_entries_show_parents = "hide"

# --- pages --------------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# --- tutorials ----------------------------------------------------------------------------------

nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300  # seconds for a cell
nb_execution_show_tb = True
nb_merge_streams = True
nb_output_stderr = "remove"  # What TensorFlow says about the machine.
nb_number_source_lines = False

# --- reference ----------------------------------------------------------------------------------

autodoc_member_order = "bysource"
# A method that overrides one of Keras without a docstring of its own is not listed.
autodoc_inherit_docstrings = False
autodoc_typehints = "signature"
# "a, b: text" in a section is one entry for two names.
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Attributes", "params_style")]

# --- the look -----------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "tfgvae"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_sidebars = {page: [] for page in ("index", "conventions", "gallery")}
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "monokai",
}
html_context = {"default_mode": "auto"}
