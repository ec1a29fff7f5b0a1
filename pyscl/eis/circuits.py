"""Equivalent circuits: strings as impedance.py writes them, and named circuits of the field.

A circuit string joins elements in series by "-" and in parallel by "p( , )":
"R0-p(R1,C1)-CPE2". An element is its letters and a number. The elements are those of impedance.py
(Murbach et al., J. Open Source Softw. 5 (2020) 2349), so that every string works there too.
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pyscl.eis.data import ComplexArray, FloatArray, inverse_unit
from pyscl.errors import InputError, unknown_name
from pyscl.text import pointed

Tree = tuple[str, Any]
"""("element", its name), ("series", trees) or ("parallel", trees)"""


@dataclass(frozen=True)
class Parameter:
    """A number of a circuit.

    Attributes:
        name: what it is called in results: "R_SCL"; in circuits without names of their own the
            element ("R1") or, for elements with several numbers, element and position ("CPE1_0").
        element: element it belongs to, "CPE1".
        kind: "Z" (impedance), "C", "L", "Q" (CPE), "W" (Warburg), "s" (time), "exponent" or
            "number".
        high: upper bound [its unit]; the lower one is 0.
    """

    name: str
    element: str
    kind: str
    high: float = np.inf

    def unit(self, impedance_unit: str = "Ohm") -> str:
        """Return the unit, given that of the impedance ("Ohm", "Ohm m" or "Ohm m^2")."""
        return {
            "Z": impedance_unit,
            "C": inverse_unit("F", impedance_unit),
            "L": impedance_unit.replace("Ohm", "H"),
            "Q": f"{inverse_unit('S', impedance_unit)} s^a",
            "W": f"{impedance_unit} s^-1/2",
            "s": "s",
        }.get(self.kind, "1")


_ELEMENTS = {
    "R": "Z",
    "C": "C",
    "L": "L",
    "W": "W",
    "Wo": "Z s",
    "Ws": "Z s",
    "CPE": "Q exponent",
    "G": "Z s",
    "Gs": "Z s number",
    "K": "Z s",
    "Zarc": "Z s exponent",
    "TLMQ": "Z Q exponent",
}
"""element of impedance.py -> kinds of its numbers"""


@dataclass(frozen=True, eq=False)
class Circuit:
    """An equivalent circuit.

    Attributes:
        string: as impedance.py reads it, "R0-p(R1,C1)".
        parameters: its numbers, in the order of impedance.py.
        meaning: what it stands for.
        ordered: values (m,) -> values (m,) with the same impedance, of which a fit returns the
            second; for circuits in which arcs can change places.
    """

    string: str
    parameters: tuple[Parameter, ...]
    tree: Tree
    meaning: str = ""
    ordered: Callable[[FloatArray], FloatArray] | None = None

    def __repr__(self) -> str:
        return f"Circuit({self.string!r}: {', '.join(self.names)})"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    def impedance(
        self, frequencies: FloatArray, values: Mapping[str, float] | Sequence[float] | FloatArray
    ) -> ComplexArray:
        """Return the impedance (n,) at frequencies (n,) [Hz].

        Args:
            frequencies: (n,) [Hz].
            values: parameter name -> value, or all values in the order of `names`.

        Raises:
            InputError: missing or unknown parameters, or impedance.py is not installed.
        """
        return self.evaluate(np.asarray(frequencies, dtype=float), self.listed(values))

    def evaluate(self, f: FloatArray, numbers: Sequence[float]) -> ComplexArray:
        """Return the impedance (n,) at frequencies (n,) [Hz]; the numbers are not checked."""
        elements = _element_functions()
        by_element: dict[str, list[float]] = {}
        for parameter, value in zip(self.parameters, numbers, strict=True):
            by_element.setdefault(parameter.element, []).append(value)

        def evaluate(tree: Tree) -> Any:
            kind, content = tree
            if kind == "element":
                return elements[_letters(content)](by_element[content], f)
            parts = [evaluate(part) for part in content]
            return sum(parts) if kind == "series" else 1.0 / sum(1.0 / part for part in parts)

        return np.asarray(evaluate(self.tree), dtype=np.complex128)

    def listed(
        self, values: Mapping[str, float] | Sequence[float] | FloatArray, complete: bool = True
    ) -> list[float]:
        """Return values in the order of `names`, nan for those not given.

        Raises:
            InputError: unknown or missing names, wrong number of values, or none that is positive.
        """
        if isinstance(values, Mapping):
            for name in values:
                if name not in self.names:
                    raise unknown_name("parameter", name, self.names, f"in {self.string}")
            missing = [name for name in self.names if name not in values]
            if missing and complete:
                raise InputError(f"no value for {', '.join(missing)} of {self.string}")
            numbers = [float(values.get(name, np.nan)) for name in self.names]
        else:
            numbers = [float(value) for value in values]
        if len(numbers) != len(self.names):
            raise InputError(
                f"{len(numbers)} values for the {len(self.names)} parameters of {self.string}: "
                f"{', '.join(self.names)}"
            )
        for parameter, value in zip(self.parameters, numbers, strict=True):
            if value <= 0.0 or value > parameter.high or np.isinf(value):
                allowed = "positive" if np.isinf(parameter.high) else f"in (0, {parameter.high:g}]"
                raise InputError(f"{parameter.name} = {value:g}; it has to be {allowed}")
        return numbers


@functools.cache
def _element_functions() -> dict[str, Callable[[list[float], FloatArray], Any]]:
    try:
        from impedance.models.circuits.elements import circuit_elements
    except ImportError as error:
        raise InputError(
            f"equivalent circuits need the elements of impedance.py, which cannot be imported "
            f"({error}); install it with: pip install 'impedance>=1.7.1' pandas"
        ) from error
    return dict(circuit_elements)


_TOKEN = re.compile(r"\s*(?:(?P<open>p\()|(?P<sign>[-,)])|(?P<element>[A-Za-z]+\d+))")


class _Parser:
    """Recursive descent: series := item ("-" item)*, item := element | "p(" series, ... ")"."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.elements: list[str] = []

    def circuit(self) -> Tree:
        tree = self.series()
        if self.text[self.position :].strip():
            raise self.error("the circuit should end here; join elements in series by '-'")
        return tree

    def series(self) -> Tree:
        parts = [self.item()]
        while self.take("sign", "-"):
            parts.append(self.item())
        return parts[0] if len(parts) == 1 else ("series", tuple(parts))

    def item(self) -> Tree:
        if self.take("open", "p("):
            branches = [self.series()]
            while self.take("sign", ","):
                branches.append(self.series())
            if not self.take("sign", ")"):
                raise self.error("')' or ',' is missing here")
            if len(branches) == 1:
                raise self.error("a parallel connection has at least two branches: p(R1,C1)")
            return ("parallel", tuple(branches))
        match = _TOKEN.match(self.text, self.position)
        if match is None or match["element"] is None:
            raise self.error("an element, such as R1, or 'p(' should stand here")
        self.check(match["element"], match.start("element"))
        self.position = match.end()
        self.elements.append(match["element"])
        return ("element", match["element"])

    def take(self, kind: str, sign: str) -> bool:
        match = _TOKEN.match(self.text, self.position)
        if match is None or match[kind] != sign:
            return False
        self.position = match.end()
        return True

    def check(self, element: str, start: int) -> None:
        if _letters(element) not in _ELEMENTS:
            self.position = start
            raise self.error(f"there is no element {_letters(element)}; use {', '.join(_ELEMENTS)}")
        if element in self.elements:
            self.position = start
            raise self.error(f"{element} stands twice in the circuit; number the elements")

    def error(self, message: str) -> InputError:
        return InputError(
            pointed(f"'{self.text}' is no circuit; {message}", self.text, self.position)
        )


def _letters(element: str) -> str:
    return element.rstrip("0123456789")


def parse_circuit(
    string: str,
    names: Sequence[str] = (),
    meaning: str = "",
    ordered: Callable[[FloatArray], FloatArray] | None = None,
) -> Circuit:
    """Return the circuit of a string.

    Args:
        string: as impedance.py reads it, "R0-p(R1,C1)".
        names: what the parameters are called; by default after their elements.
        meaning: what the circuit stands for.
        ordered: see `Circuit`.

    Raises:
        InputError: a mistake in the string, shown where it is.
    """
    parser = _Parser(string)
    tree = parser.circuit()
    parameters = []
    for element in parser.elements:
        kinds = _ELEMENTS[_letters(element)].split()
        for k, kind in enumerate(kinds):
            name = element if len(kinds) == 1 else f"{element}_{k}"
            high = 1.0 if kind == "exponent" else np.inf
            parameters.append(Parameter(name, element, kind, high))
    if names:
        parameters = [
            Parameter(name, p.element, p.kind, p.high)
            for name, p in zip(names, parameters, strict=True)
        ]
    return Circuit(string.replace(" ", ""), tuple(parameters), tree, meaning, ordered)


def _faster_arc_first(first: int, second: int) -> Callable[[FloatArray], FloatArray]:
    """Return what orders two (resistance, capacitance) pairs that begin at these positions."""

    def ordered(values: FloatArray) -> FloatArray:
        a, b = slice(first, first + 2), slice(second, second + 2)
        if np.prod(values[a]) <= np.prod(values[b]):
            return values
        changed = values.copy()
        changed[a], changed[b] = values[b], values[a]
        return changed

    return ordered


def _bulk_arc_faster(values: FloatArray) -> FloatArray:
    """Order p(R1,C1)-p(R2-C2,R3), which is a resistance R and two arcs, in either sequence.

    R = R2 R3/(R2 + R3); the second arc is of the resistance R3 - R and the time (R2 + R3) C2.
    """
    r1, c1, r2, c2, r3 = values
    series, time = r2 * r3 / (r2 + r3), (r2 + r3) * c2
    arc = r3 - series
    if r1 * c1 <= time or not arc > 0.0:
        return values
    r3_new = series + r1
    r2_new = series * r3_new / r1
    return np.array([arc, time / arc, r2_new, r1 * c1 / (r2_new + r3_new), r3_new])


# name -> (string, names of the parameters, meaning)
_NAMED = {
    "R-RC": ("R0-p(R1,C1)", "R_0 R_1 C_1", "one arc"),
    "R-RC-RC": (
        "R0-p(R1,C1)-p(R2,C2)",
        "R_0 R_1 C_1 R_2 C_2",
        "two arcs, the faster one first",
    ),
    "R-RCPE": ("R0-p(R1,CPE1)", "R_0 R_1 Q_1 a_1", "one depressed arc"),
    "Randles": (
        "R0-p(R1,C1)",
        "R_el R_ct C_dl",
        "electrolyte; charge transfer beside the double layer",
    ),
    "Randles-Warburg": (
        "R0-p(R1-W1,C1)",
        "R_el R_ct A_W C_dl",
        "Randles with semi-infinite diffusion A_W (1 - i)/sqrt(w)",
    ),
    "Randles-Warburg reflecting": (
        "R0-p(R1-Wo1,C1)",
        "R_el R_ct R_dif tau_dif C_dl",
        "Randles with diffusion into a layer with a closed end (storage), coth; tau = L^2/D",
    ),
    "Randles-Warburg transmitting": (
        "R0-p(R1-Ws1,C1)",
        "R_el R_ct R_dif tau_dif C_dl",
        "Randles with diffusion through a layer with a reservoir behind it, tanh; tau = L^2/D",
    ),
    "blocking cell": (
        "p(R1,C1)-C2",
        "R_bulk C_geo C_SCL",
        "electrolyte between blocking contacts; C_SCL is that of all layers in series",
    ),
    "blocking cell with CPE": (
        "p(R1,C1)-CPE2",
        "R_bulk C_geo Q_SCL a_SCL",
        "blocking cell with rough or inhomogeneous contacts",
    ),
    "blocking cell with layer resistance": (
        "p(R1,C1)-p(R2,C2)-CPE3",
        "R_1 C_1 R_2 C_2 Q_contact a_contact",
        "two arcs, the faster one first, between blocking contacts. Which is the bulk and which a "
        "layer the spectrum does not say: the bulk has the C of the geometry, eps/thickness",
    ),
    "blocking cell with polarization": (
        "p(R1,C1)-p(R2-C2,R3)",
        "R_bulk C_geo R_SCL C_SCL R_pol",
        "contacts that leak, slower than the bulk: layer resistance and capacitance beside a "
        "polarization resistance (the elements named by Liu et al., ACS Appl. Mater. Interfaces "
        "13 (2021) 5895)",
    ),
    "transmission line": (
        "R0-TLMQ1",
        "R_el R_ion Q_wall a_wall",
        "porous electrode with blocking walls: sqrt(R_ion Z_w) coth sqrt(R_ion/Z_w), "
        "Z_w = 1/(Q (i w)^a) (de Levie, Electrochim. Acta 8 (1963) 751)",
    ),
    "transmission line with transfer": (
        "R0-Gs1",
        "R_el R_line tau_wall phi",
        "porous electrode with charge transfer at the walls (R_ct beside C): R_line = "
        "sqrt(R_ion R_ct), tau_wall = R_ct C, phi = sqrt(R_ion/R_ct)",
    ),
}

_ORDERED = {
    "R-RC-RC": _faster_arc_first(1, 3),
    "blocking cell with layer resistance": _faster_arc_first(0, 2),
    "blocking cell with polarization": _bulk_arc_faster,
}

CIRCUITS: Mapping[str, Circuit] = {
    name: parse_circuit(string, names.split(), meaning, _ORDERED.get(name))
    for name, (string, names, meaning) in _NAMED.items()
}
"""name -> circuit"""


def find_circuit(circuit: "str | Circuit") -> Circuit:
    """Return the circuit of a name in `CIRCUITS` or of a string such as "R0-p(R1,C1)".

    Raises:
        InputError: neither a name nor a circuit string.
    """
    if isinstance(circuit, Circuit):
        return circuit
    if not isinstance(circuit, str):
        raise InputError(
            f"the circuit is {circuit!r}; give a name ({', '.join(CIRCUITS)}) or write one, such "
            f"as 'R0-p(R1,C1)'"
        )
    if circuit in CIRCUITS:
        return CIRCUITS[circuit]
    if re.search(r"\d", circuit):
        return parse_circuit(circuit)
    raise unknown_name("circuit", circuit, CIRCUITS, "(or write one, such as R0-p(R1,C1))")
