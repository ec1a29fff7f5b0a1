"""Formulas in x: what is evaluated, and what is refused where."""

import math

import numpy as np
import pytest

from pyscl import InputError
from pyscl.materials.formula import FUNCTIONS, Formula


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4 - x", 3.75),
        ("1/2*x", 0.125),
        ("-x**2", -0.0625),
        ("2*tanh((x - 0.5)/0.1) + exp(-x)", 2 * math.tanh(-2.5) + math.exp(-0.25)),
        ("where(x < 0.5, 1.5e-3, x)", 1.5e-3),
        ("3", 3.0),
        ("1 +\n x", 1.25),
    ],
)
def test_formulas_are_evaluated_in_floating_point(text, value):
    x = np.array([0.25, 0.75])
    assert Formula(text)(x)[0] == pytest.approx(value, rel=1e-14)
    assert Formula(text)(x).shape == (2,)
    assert Formula(text)(np.array(0.25)).shape == ()


@pytest.mark.parametrize("name", [f for f in FUNCTIONS if f not in ("where", "arccosh")])
def test_every_function_that_is_offered_exists(name):
    arguments = "x, 0.5" if name in ("maximum", "minimum") else "x"
    assert np.isfinite(Formula(f"{name}({arguments})")(np.array([0.3])))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4 - y", r"unknown name 'y' at character 5 \('4 - y'\); allowed are x"),
        ("4 - tan2(x)", r"unknown name 'tan2' at character 5.*Did you mean 'tan'\?"),
        ("4 - x^2", r"'\^' is not the power; write x\*\*2"),
        ("4 - (x", r"cannot be read at character 5"),
        ("", "cannot be read"),
        ("4 - 'x'", r"'x' is not a number at character 5"),
        ("4 - True", "True is not a number"),
        ("4 - 2j", "2j is not a number"),
        ("x.__class__", "this is not allowed at character 1"),
        ("(lambda: 1)()", "cannot be called"),
        ("[c for c in (1, 2)]", "not allowed"),
        ("__import__('os').system('true')", "cannot be called"),
        ("exp(x=1)", "cannot be called"),
        ("x(1)", "cannot be called"),
        ("exp + 1", "cannot be evaluated"),
        ("0 < x < 1", "compare two values at a time"),
        ("exp(x, x)", "cannot be evaluated"),
        ("9**9**9**9**9", "cannot be evaluated"),
        ("(" * 300 + "x" + ")" * 300, "read|too deep"),
        ("-" * 2000 + "x", "read|too deep"),
    ],
)
def test_other_texts_are_refused_where_they_go_wrong(text, message):
    with pytest.raises(InputError, match=message):
        Formula(text)(np.array([0.5]))


def test_long_formulas_are_shown_around_the_mistake():
    with pytest.raises(
        InputError, match=r"character 42 \('\.\.\. 3\.000000 \+ y\*2 \+ .*\.\.\.'\)"
    ):
        Formula("1.0000000000 + 2.0000000000 + 3.000000 + y*2 + 4.0000000000 + 5.000")
