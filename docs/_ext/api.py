"""The API reference: one page per part of the package, written before the build.

A name that a package lists in `__all__` is documented there, and nowhere else: at the shortest path
below `pyscl` that users import it from. References by any other path are led there, and one to a
name of `pyscl` that does not exist is a warning, hence an error of the build.
"""

import importlib
import inspect
import pkgutil
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

import pyscl

LOG = logging.getLogger(__name__)
MODULE = """
{title}
{line}

.. automodule:: {name}
   :no-members:
"""
MEMBER = """
.. auto{kind}:: {name}.{member}
{options}"""
CLASS_OPTIONS = "   :members:\n   :show-inheritance:\n"


@cache
def modules() -> list[str]:
    """Return the names of all public modules below `pyscl`, packages before what is in them."""
    found = []
    for module in pkgutil.walk_packages(pyscl.__path__, "pyscl.", onerror=lambda name: None):
        if any(part.startswith("_") for part in module.name.split(".")[1:]):
            continue
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            LOG.warning("no page for %s: %s", module.name, error)
            continue
        found.append(module.name)
    return sorted(found, key=lambda name: name.split("."))


@cache
def homes() -> dict[str, dict[str, object]]:
    """Return module -> {name: thing}: what is documented under which module."""
    pages: dict[str, dict[str, object]] = {}
    taken: set[int] = set()
    names = modules()
    for name in sorted(names, key=lambda name: (name.count("."), name)):
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", None)
        members = {}
        for member in vars(module) if listed is None else listed:
            thing = getattr(module, member)
            own = str(getattr(thing, "__module__", None))
            is_code = inspect.isclass(thing) or inspect.isfunction(thing)
            if member.startswith("_") or not is_code or id(thing) in taken:
                continue
            if f"{name}.{member}" in names:  # a function called like its module is found in there
                continue
            if own == name or (listed is not None and own.startswith("pyscl")):
                members[member] = thing
                taken.add(id(thing))
        pages[name] = members
    return {name: pages[name] for name in names}


def parts() -> list[str]:
    """Return what has a page of its own: the modules and packages directly below `pyscl`."""
    return [name for name in modules() if name.count(".") == 1]


def page(part: str, pages: dict[str, dict[str, object]]) -> str:
    """Return the reStructuredText of one part: its own names, then those of its modules."""
    text = f"{part}\n{'=' * len(part)}\n"
    for name, members in pages.items():
        if name != part and not name.startswith(f"{part}."):
            continue
        section = MODULE.format(title=name, line="-" * len(name), name=name)
        if name == part:
            section = section.replace(f"\n{name}\n{'-' * len(name)}\n", "", 1)
        text += section
        for member, thing in members.items():
            if isinstance(thing, type):
                kind = "exception" if issubclass(thing, BaseException) else "class"
                options = CLASS_OPTIONS
            else:
                kind, options = "function", ""
            text += MEMBER.format(kind=kind, name=name, member=member, options=options)
    return text


def write_pages(app: Sphinx) -> None:
    """Write `api/modules/<part>.rst`, leaving alone what did not change."""
    if app.config.root_doc != "index":
        return
    folder = Path(app.srcdir) / "api" / "modules"
    folder.mkdir(parents=True, exist_ok=True)
    pages = homes()
    texts = {f"{part}.rst": page(part, pages) for part in parts()}
    for stale in folder.glob("*.rst"):
        if stale.name not in texts:
            stale.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def home_of(target: str) -> str | None:
    """Return the name under which the thing at an import path is documented, or None."""
    pieces = target.split(".")
    for depth in range(1, len(pieces) + 1):
        try:
            importlib.import_module(".".join(pieces[:depth]))
            continue
        except ImportError:
            module_name, name = ".".join(pieces[: depth - 1]), pieces[depth - 1]
        thing = getattr(importlib.import_module(module_name), name, None)
        for module, members in homes().items():
            for member, documented in members.items():
                if documented is thing:
                    return ".".join([module, member, *pieces[depth:]])
        return None
    return target


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Lead a reference to the home of its target; warn of names of pyscl that do not exist."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not target.startswith("pyscl."):
        return None
    name = home_of(target)
    entry = env.domains.python_domain.objects.get(name or "")
    if entry is not None:
        place = (entry.docname, entry.node_id)
        return make_refnode(app.builder, node["refdoc"], *place, content, name)
    written_here = not node["refdoc"].startswith("api/")  # not from a signature of some function
    if app.config.root_doc == "index" and written_here:
        LOG.warning("no documented name '%s'", target, location=node)
    return None


def escape(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Escape outside of code what docstrings mean as it stands: bars, and names that end in "_"."""
    for number, line in enumerate(lines):
        spans = line.split("`")
        spans[::2] = [
            re.sub(r"(?<=\w)_(?!\w)", r"\\_", span.replace("|", "\\|")) for span in spans[::2]
        ]
        lines[number] = "`".join(spans)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("builder-inited", write_pages, priority=100)
    app.connect("autodoc-process-docstring", escape, priority=100)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
