"""What users see: every public name exists, has a docstring, and is imported only when needed."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from docstring_units import attribute_texts, says_unit, unsaid

import pyscl

HEAVY = ("h5py", "matplotlib", "meshio", "numexpr", "pint", "scipy", "shapely", "skfem")


def modules():
    """Return the names of all public modules of the package."""
    found = ["pyscl"]
    for module in pkgutil.walk_packages(pyscl.__path__, "pyscl."):
        if not any(part.startswith("_") for part in module.name.split(".")[1:]):
            found.append(module.name)
    return found


def documented(module):
    """Yield (where, object) of everything public that a module defines."""
    yield module.__name__, module
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(thing):
            yield f"{module.__name__}.{name}", thing
        elif inspect.isclass(thing):
            yield f"{module.__name__}.{name}", thing
            for member, value in vars(thing).items():
                inner = getattr(value, "__func__", None) or getattr(value, "func", None) or value
                kinds = (property, classmethod, staticmethod)
                is_code = inspect.isfunction(inner) or isinstance(value, kinds)
                if is_code and not member.startswith("_") and not foreign(thing, member):
                    yield f"{module.__name__}.{name}.{member}", inner


def foreign(owner, member):
    """Whether a base class of another package declares the member, and so documents it."""
    others = (base for base in owner.__mro__ if not base.__module__.startswith("pyscl"))
    return any(member in vars(base) for base in others)


def test_the_whole_package_is_walked():
    names = modules()
    for name in ("pyscl.cli", "pyscl.mesh.check", "pyscl.runner.execute", "pyscl.study.newton"):
        assert name in names
    assert len(names) > 40
    solution = dict(documented(importlib.import_module("pyscl.solution")))
    for member in ("Solution.contact", "Solution.load", "Solution.potential", "Solution.cut"):
        assert f"pyscl.solution.{member}" in solution
    assert "pyscl.solution.Solution.gauss_rows" in solution  # cached property


@pytest.mark.parametrize("name", modules())
def test_everything_public_has_a_docstring(name):
    module = importlib.import_module(name)
    bare = [where for where, thing in documented(module) if not (thing.__doc__ or "").strip()]
    assert not bare


@pytest.mark.parametrize("name", modules())
def test_every_public_number_says_its_unit_or_that_it_has_none(name):
    missing = list(unsaid(importlib.import_module(name)))
    assert not missing, "put the unit in brackets, [V], or [1] for a pure number"


@pytest.mark.parametrize("name", modules())
def test_every_public_array_attribute_says_its_shape(name):
    missing = []
    for where, thing in documented(importlib.import_module(name)):
        if not inspect.isclass(thing):
            continue
        texts = attribute_texts(inspect.cleandoc(thing.__doc__ or ""))
        for member, annotation in vars(thing).get("__annotations__", {}).items():
            is_array = str(annotation).removeprefix("typing.Optional[").startswith("numpy.ndarray")
            if member.startswith("_") or not is_array:
                continue
            text = texts.get(member, thing.__doc__ or "")
            if not re.search(r"\(\w[\w +*]*,|\bshape\b|\blike\b", text):
                missing.append(f"{where}.{member}")
    assert not missing, "say the shape of the array: (n_sites,), (m, 3)"


def test_units_are_looked_for_where_they_stand():
    """The test of units itself: what counts as one, and what does not."""
    for said in ("width [m]", "part of the whole", "E over the far field", "a share", "[1]"):
        assert says_unit(said)
    for unsaid_text in ("the width", "charge of the wall", "values (n,)", "list [ ]"):
        assert not says_unit(unsaid_text)
    doc = "One line.\n\nAttributes:\n    width: of it,\n        in all [m].\n    x, y: places."
    assert attribute_texts(doc) == {"width": "of it, in all [m].", "x": "places.", "y": "places."}


@pytest.mark.parametrize("name", pyscl.__all__)
def test_public_names_exist_and_have_a_docstring(name):
    thing = getattr(pyscl, name)
    assert name in dir(pyscl)
    if name == "__version__":
        assert thing.count(".") == 2
    else:
        # its own docstring, not the one of pydantic or of the dataclass decorator
        assert thing.__dict__["__doc__"].strip()
        assert not thing.__doc__.startswith(f"{name}(")


@pytest.mark.parametrize(
    "name", [n for n in modules() if hasattr(importlib.import_module(n), "__all__")]
)
def test_every_listed_name_exists(name):
    module = importlib.import_module(name)
    assert all(hasattr(module, listed) for listed in module.__all__)
    assert len(set(module.__all__)) == len(module.__all__)
    assert list(module.__all__) == sorted(module.__all__, key=_as_ruff_sorts)


def _as_ruff_sorts(name):
    """Constants first, then classes, then the rest."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return (kind, name)


def test_type_checkers_see_what_users_see():
    tree = ast.parse(Path(pyscl.__file__).read_text())
    (block,) = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imported = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(imported) == set(pyscl.__all__)
    for name, module in imported.items():
        assert getattr(pyscl, name) is getattr(importlib.import_module(module), name)
    homes = {n: m for n, m in imported.items() if n != "__version__"}
    assert homes == pyscl._HOME


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="module 'pyscl' has no attribute 'Modell'"):
        _ = pyscl.Modell
    with pytest.raises(ImportError):
        exec("from pyscl import Modell")


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import pyscl", ()),
        ("import pyscl; dir(pyscl); pyscl.InputError", ()),
        ("import pyscl.cli", ()),
    ],
)
def test_importing_pyscl_imports_nothing_heavy(code, allowed):
    code += f"; import sys; print(*[m for m in {HEAVY} if m in sys.modules])"
    paths = [str(Path(pyscl.__file__).parents[1]), *sys.path]
    code = f"import sys; sys.path[:] = {paths!r}; {code}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert set(done.stdout.split()) <= set(allowed)


def test_version_is_that_of_the_project():
    project = Path(__file__).parents[1] / "pyproject.toml"
    assert f'version = "{pyscl.__version__}"' in project.read_text()
