"""Formulas of one variable x as users write them, checked before numexpr evaluates them."""

import ast

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError, suggestion

FUNCTIONS = (
    "abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cos", "cosh", "exp",
    "expm1", "log", "log10", "log1p", "maximum", "minimum", "sin", "sinh", "sqrt", "tan", "tanh",
    "where",
)  # fmt: skip
"""Functions of numexpr that a formula may use."""

_ARITHMETIC = (
    ast.Expression, ast.Load, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow,
    ast.UnaryOp, ast.UAdd, ast.USub, ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip


class Formula:
    """A formula in x.

    Only x, numbers, + - * / ** and the names in `FUNCTIONS` are allowed, so that the text of an
    input file cannot run code; `where(x < 0.5, a, b)` chooses between two formulas.
    """

    def __init__(self, text: str) -> None:
        """Check the text.

        Raises:
            InputError: what is not allowed, at which character of the formula.
        """
        self.text = " ".join(text.split())
        try:
            tree = ast.parse(self.text, mode="eval")
            for node in ast.walk(tree):
                _check(node, self.text)
            # Floats only: powers of whole numbers could otherwise grow without bound.
            self._expression = ast.unparse(_Floats().visit(tree))
        except InputError:
            raise
        except SyntaxError as error:
            place = _at(self.text, (error.offset or 1) - 1)
            raise InputError(f"the formula cannot be read {place}; {_ALLOWED}") from None
        except (RecursionError, MemoryError, ValueError):
            raise InputError(f"the formula is too deep or not a text; {_ALLOWED}") from None

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value at every x, in the shape of x; nan or inf where it is not defined.

        Raises:
            InputError: numexpr cannot evaluate the formula.
        """
        import numexpr  # 0.1 s to import, needed for formulas only

        points = np.asarray(x, dtype=float)
        try:
            value = numexpr.evaluate(self._expression, {"x": points}, {})
        except Exception as error:  # numexpr raises many unrelated types
            raise InputError(f"the formula cannot be evaluated ({error}); {_ALLOWED}") from None
        return np.broadcast_to(np.asarray(value, dtype=float), points.shape).copy()


_ALLOWED = f"allowed are x, numbers, + - * / ** and {', '.join(FUNCTIONS)}"


class _Floats(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.copy_location(ast.Constant(float(node.value)), node)  # type: ignore[arg-type]


def _check(node: ast.AST, text: str) -> None:
    """Refuse everything but arithmetic with x and the known functions."""
    if isinstance(node, _ARITHMETIC):
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            raise InputError(f"compare two values at a time {_at(text, node.col_offset)}")
        return
    column = getattr(node, "col_offset", 0)
    if isinstance(node, ast.Constant):
        if type(node.value) in (int, float):
            return
        raise InputError(f"{node.value!r} is not a number {_at(text, column)}; {_ALLOWED}")
    if isinstance(node, ast.Name):
        if node.id == "x" or node.id in FUNCTIONS:
            return
        near = suggestion(node.id, ["x", *FUNCTIONS])
        raise InputError(f"unknown name '{node.id}' {_at(text, column)}; {_ALLOWED}.{near}")
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id != "x" and not node.keywords:
            return  # the name is checked by itself
        raise InputError(f"this cannot be called {_at(text, column)}; {_ALLOWED}")
    if isinstance(node, ast.BitXor):
        raise InputError("'^' is not the power; write x**2 for the square of x")
    raise InputError(f"this is not allowed {_at(text, column)}; {_ALLOWED}")


def _at(text: str, column: int) -> str:
    """Return "at character 7 ('... 2*y + 1 ...')"."""
    start, end = max(column - 12, 0), column + 12
    shown = f"{'...' if start else ''}{text[start:end]}{'...' if end < len(text) else ''}"
    return f"at character {column + 1} ('{shown}')"
