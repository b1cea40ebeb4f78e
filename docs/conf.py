"""How Sphinx builds the site; `python docs/build.py` runs it. Nothing in the built pages comes from outside."""

from __future__ import annotations

import functools
import importlib
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import latex2mathml.converter
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

sys.path.insert(0, str(Path(__file__).parent))

import make_reference

from tinygrad_lab import errors
from tinygrad_lab.version import __version__

make_reference.main()

# The tutorials live in `notebooks/`; Sphinx reads its own folder only.
TUTORIALS = Path(__file__).parent / "tutorials"
shutil.rmtree(TUTORIALS, ignore_errors=True)
TUTORIALS.mkdir()
for notebook in (Path(__file__).parents[1] / "notebooks").glob("*.ipynb"):
    shutil.copy2(notebook, TUTORIALS)

project = "tinygrad_lab"
author = "The tinygrad_lab authors"
version = release = __version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "**/.ipynb_checkpoints", "jupyter_execute"]

# -- pages -----------------------------------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3  # `page.md#a-heading` works in the site as it does on a code host
nb_execution_mode = "off"  # notebooks are kept with their outputs; the tests run them
nb_render_markdown_format = "myst"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = "tinygrad_lab"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/icon.svg"
html_show_sourcelink = False
html_show_copyright = False  # the license says it
html_copy_source = False

# -- the reference, from docstrings ----------------------------------------------------------------------------------

autodoc_typehints = "none"  # the arguments' descriptions say what they are
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = False
napoleon_custom_sections = [("Source", "notes_style")]
add_module_names = False
toc_object_entries_show_parents = "hide"


ERROR = rf"^(\s+)({'|'.join(name for name, thing in vars(errors).items() if isinstance(thing, type))}): "


def docstring(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Turn a docstring into reStructuredText, with links to errors."""
    if what == "data":
        lines[:] = [make_reference.table(thing)]
        return
    # An error that two pages show is linked to the page of errors.
    text = re.sub(ERROR, r"\1~tinygrad_lab.errors.\2: ", "\n".join(lines), flags=re.MULTILINE)
    lines[:] = make_reference.marked_up(text).split("\n")


def navigation(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """List pages only: to copy the headings and names below them, to drop them later, takes a fifth of the build."""
    whole = context["toctree"]

    def pages_only(**options: Any) -> str:
        contents, app.env.tocs = app.env.tocs, titles(app.env)
        try:
            return str(whole(**options))
        finally:
            app.env.tocs = contents

    context["toctree"] = pages_only


@functools.lru_cache(maxsize=1)
def titles(environment: BuildEnvironment) -> dict[str, nodes.bullet_list]:
    """Return what each page contains, but for its headings and names: its title, and the pages below it."""
    found = {}
    for page, contents in environment.tocs.items():
        found[page] = title = contents.deepcopy()
        for entries in list(title.findall(nodes.bullet_list)):
            if entries is not title and not list(entries.findall(addnodes.toctree)):
                entries.parent.remove(entries)
    return found


def bases(app: Sphinx, name: str, thing: object, options: object, found: list[type]) -> None:
    """Show the base classes that the reference describes, and no others."""
    shown = [base for base in found if base.__module__.partition(".")[0] != "tinygrad_lab" or _is_public(base)]
    found[:] = shown or [object]


def _is_public(kind: type) -> bool:
    packages = (importlib.import_module(page.package) for page in make_reference.all_pages().values())
    return any(getattr(package, kind.__name__, None) is kind for package in packages)


# -- mathematics as MathML, which browsers draw by themselves ---------------------------------------------------------


def inline_mathematics(writer: nodes.NodeVisitor, node: nodes.math) -> None:
    """Write a formula in a sentence."""
    writer.body.append(latex2mathml.converter.convert(node.astext()))
    raise nodes.SkipNode


def displayed_mathematics(writer: nodes.NodeVisitor, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    writer.body.append(f'<div class="math">{latex2mathml.converter.convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register what stands above."""
    app.connect("autodoc-process-docstring", docstring, priority=400)
    app.connect("autodoc-process-bases", bases)
    app.connect("html-page-context", navigation, priority=400)  # before the theme
    app.add_html_math_renderer("mathml", (inline_mathematics, None), (displayed_mathematics, None))


html_math_renderer = "mathml"
