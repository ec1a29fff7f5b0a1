"""The type stub of the compiled core describes what is compiled."""

import ast
import re
from pathlib import Path

import pytest

import pyscl
from pyscl import _core

STUB = ast.parse((Path(pyscl.__file__).parent / "_core.pyi").read_text())
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}
FUNCTIONS = {node.name: node for node in STUB.body if isinstance(node, ast.FunctionDef)}


def compiled_parameters(function) -> list[str]:
    """Read the parameter names from the signature that pybind11 puts into the docstring."""
    signature = function.__doc__.splitlines()[0].rsplit(" -> ", 1)[0]
    return re.findall(r"[(,] ?(\w+): ", signature)


def stub_parameters(node: ast.FunctionDef) -> list[str]:
    return [a.arg for a in node.args.args]


def test_stub_names_exactly_the_compiled_classes_and_functions():
    compiled = {name: getattr(_core, name) for name in dir(_core) if not name.startswith("_")}
    assert {n for n, v in compiled.items() if isinstance(v, type)} == set(CLASSES)
    assert {n for n, v in compiled.items() if not isinstance(v, type)} == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_stub_functions_have_the_compiled_parameters(name):
    expected = [] if name == "build_information" else compiled_parameters(getattr(_core, name))
    assert stub_parameters(FUNCTIONS[name]) == expected


@pytest.mark.parametrize("name", CLASSES)
def test_stub_classes_have_the_compiled_members(name):
    compiled = getattr(_core, name)
    members = {m for m in vars(compiled) if not m.startswith("_")}
    in_stub = {
        node.name if isinstance(node, ast.FunctionDef) else node.target.id
        for node in CLASSES[name].body
        if isinstance(node, ast.FunctionDef | ast.AnnAssign)
    } - {"__init__"}
    assert in_stub == members
    for node in CLASSES[name].body:
        is_property = isinstance(node, ast.FunctionDef) and node.decorator_list
        if not isinstance(node, ast.FunctionDef) or is_property:
            continue
        method = getattr(compiled, node.name)
        if "self: " in (method.__doc__ or ""):
            assert stub_parameters(node) == compiled_parameters(method)
