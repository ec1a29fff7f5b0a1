"""The one place that parses units: texts like "0.3 mS/cm" in, SI floats out.

`parse(value, unit)` converts one value, `write(value, unit)` is its inverse; the annotated types
(`Length`, `Potential`, ...) convert inside pydantic models. pint stands behind it and is imported
on first use only, because the import of pyscl has to be quick.
"""

import functools
import math
import numbers
import re
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import (
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializationInfo,
    ValidationInfo,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from pyscl.errors import InputError

AVOGADRO = 6.02214076e23
"""Particles per mole [1/mol], exact in the SI of 2019."""

ELEMENTARY_CHARGE = 1.602176634e-19
"""Elementary charge [C], exact in the SI of 2019."""

BOLTZMANN = 1.380649e-23
"""Boltzmann constant [J/K], exact in the SI of 2019."""

WRITE_UNITS = {"write_units": True}
"""Context for `model_dump` that turns values into texts with units, to be validated again."""

ERROR_TYPE = "unit"
"""Type of the pydantic errors raised by the annotated types of this module."""

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")
_UNIT = re.compile(r"(?:1?\s*/)?\s*[A-Za-zµÅ°%](?:[A-Za-zµÅ°%²³⁻¹/() *]|(?:\^|\*\*)-?\d+)*")
_BARE_POWER = re.compile(r"(?<=[A-Za-z])(-?\d+)")


@dataclass(frozen=True)
class Quantity:
    """What a value must be: its SI unit, and how to speak about it.

    Attributes:
        unit: unit of the stored float, in pint's spelling.
        noun: the quantity in words, as in "expected a conductivity".
        example: a text that is accepted.
        per_mole: also accept the same quantity counted in moles ("kJ/mol", "mol/l").
    """

    unit: str
    noun: str
    example: str
    per_mole: bool = False

    @property
    def expected(self) -> str:
        """The end of an error message: "expected a conductivity, e.g. '0.3 mS/cm'"."""
        article = "an" if self.noun[0] in "aeiou" else "a"
        return f"expected {article} {self.noun}, e.g. '{self.example}'"


QUANTITIES = {
    q.unit: q
    for q in (
        Quantity("m", "length", "10 nm"),
        Quantity("m^2", "area", "1 cm^2"),
        Quantity("deg", "angle", "30 deg"),
        Quantity("s", "time", "5 ms"),
        Quantity("V", "potential", "10 mV"),
        Quantity("eV", "energy per particle", "0.1 eV", per_mole=True),
        Quantity("K", "temperature", "298.15 K"),
        Quantity("1/m^3", "number density", "25 1/nm^3", per_mole=True),
        Quantity("S/m", "conductivity", "0.3 mS/cm"),
        Quantity("m^2/s", "diffusivity", "1e-8 cm^2/s"),
        Quantity("C/m^2", "surface charge or polarization", "2 uC/cm^2"),
        Quantity("C/m^3", "charge density", "1e6 C/m^3"),
        Quantity("V/m", "electric field", "10 kV/cm"),
        Quantity("ohm*m", "resistivity", "1 ohm*m"),
        Quantity("Pa", "stress", "100 MPa"),
        Quantity("C/N", "piezoelectric coefficient", "14.6 pC/N"),
        Quantity("1/m", "strain gradient", "1e6 1/m"),
        Quantity("V*m^5/C^3", "dielectric stiffness", "8e9 V*m^5/C^3"),
        Quantity("J*m^3/C^2", "gradient coefficient", "5e-11 J*m^3/C^2"),
        Quantity("m^4/C^2", "electrostriction coefficient", "0.1 m^4/C^2"),
        Quantity("1/Pa", "elastic compliance", "9e-12 1/Pa"),
        Quantity("mol", "amount", "3e-9 mol"),
        Quantity("mol/m", "amount per depth", "3e-9 mol/m"),
        Quantity("A", "current", "1 uA"),
        Quantity("A/m", "current per depth", "1 uA/m"),
        Quantity("A/m^2", "current density", "0.1 mA/cm^2"),
        Quantity("A*s/m^2", "capacity per area", "1 mAh/cm^2"),
        Quantity("F/m^2", "capacitance per area", "10 uF/cm^2"),
        Quantity("ohm*m^2", "area resistance", "10 ohm*cm^2"),
        Quantity("V/s", "sweep rate", "10 mV/s"),
        Quantity("1/s", "rate", "100 1/s"),
        Quantity("Hz", "frequency", "10 mHz"),
        Quantity("1", "number without unit", "0.5"),
    )
}
"""The quantities that can be asked for, by the unit of their stored float."""


def quantity(unit: str) -> Quantity:
    """Return the `Quantity` stored in `unit`; an unlisted unit gets a plain description."""
    return QUANTITIES.get(unit) or Quantity(unit, f"quantity in {unit}", f"1 {unit}")


def parse(value: Any, unit: str, *, require_units: bool = False) -> float:
    """Convert a value to a float in `unit`, checking its dimension.

    Args:
        value: a number (already in `unit`) or a text such as "0.3 mS/cm" or "25 degC".
        unit: unit of the result, e.g. "S/m"; "1" for a number without unit.
        require_units: refuse a bare number where a unit is needed (input files do this).

    Returns:
        The value in `unit`. Energies in eV accept amounts per mole ("5 kJ/mol"), densities in
        1/m^3 accept moles per volume ("1 mol/l").

    Raises:
        InputError: with the offending text, the expected dimension and an example.
    """
    wanted = quantity(unit)
    if isinstance(value, bool) or not isinstance(value, (numbers.Real, str)):
        raise InputError(f"'{value}' is not a value with a unit; {wanted.expected}")
    if isinstance(value, str):
        number, unit_text = _split(value, wanted)
    else:
        number, unit_text = float(value), "" if unit == "1" or require_units else unit
    if not unit_text and unit != "1":
        raise InputError(f"'{value}' has no unit; {wanted.expected}")
    if unit_text in ("", unit):
        result = number
    else:
        result = number * _factor(unit_text, wanted) + _offset(unit_text, wanted)
    if not math.isfinite(result):
        raise InputError(f"'{value}' is not a finite number; {wanted.expected}")
    return result


_READABLE = {
    "s": {"s": 1.0, "h": 3600.0, "min": 60.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12},
    "V": {"V": 1.0, "mV": 1e-3, "uV": 1e-6},
    "V/s": {"V/s": 1.0, "mV/s": 1e-3, "uV/s": 1e-6},
    "A": {"A": 1.0, "mA": 1e-3, "uA": 1e-6, "nA": 1e-9, "pA": 1e-12},
    "A/m": {"A/m": 1.0, "mA/m": 1e-3, "uA/m": 1e-6, "nA/m": 1e-9},
    "A/m^2": {"mA/cm^2": 10.0, "uA/cm^2": 1e-2, "nA/cm^2": 1e-5, "A/cm^2": 1e4},
}
"""Units a value is written in by choice, the preferred one first, and what they are; known without
pint, so that protocols need not load it."""

_MOST_DIGITS = 8  # of a number that is still readable


def write(value: float, unit: str) -> str:
    """Return a text such as "0.1 mA/cm^2" that `parse` turns into exactly this value.

    The unit that needs the fewest digits is taken; where no unit gives back the same float in a
    few digits, the text is in `unit`.

    Args:
        value: finite number in `unit`.
        unit: SI unit of the value, e.g. "A/m^2".
    """
    best = ""
    for name, factor in _READABLE.get(unit, {}).items():
        number = _shortest(value, factor)
        if number and (not best or len(number) < len(best.partition(" ")[0])):
            best = f"{number} {name}"
    return best or f"{plain(value)} {unit}".removesuffix(" 1")


def _shortest(value: float, factor: float) -> str:
    """Return the fewest digits that times a factor are exactly `value`, or ""."""
    for digits in range(1, _MOST_DIGITS + 1):
        rounded = float(f"{value / factor:.{digits}g}")
        if rounded * factor == value:
            return plain(rounded)
    return ""


def plain(value: float) -> str:
    """Return the shortest text that is exactly this float: "4.3", "1000", "1e-05"."""
    return repr(float(value)).removesuffix(".0")


def _split(text: str, wanted: Quantity) -> tuple[float, str]:
    """Split "0.3 mS/cm" into 0.3 and "mS/cm"; refuse what does not start with a number."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise InputError(f"'{text}' does not start with a number; {wanted.expected}")
    return float(match[1]), match[2]


@functools.cache
def _registry() -> Any:
    """Create pint's registry once, on first use (0.2 s)."""
    import pint

    return pint.UnitRegistry()


def _is_celsius(unit_text: str) -> bool:
    return unit_text in ("degC", "°C", "celsius")


def _offset(unit_text: str, wanted: Quantity) -> float:
    return 273.15 if _is_celsius(unit_text) and wanted.unit == "K" else 0.0


@functools.cache
def _factor(unit_text: str, wanted: Quantity) -> float:
    """Return what one `unit_text` is in the wanted unit; InputError for a wrong dimension."""
    if _is_celsius(unit_text) and wanted.unit == "K":
        return 1.0
    if unit_text in _READABLE.get(wanted.unit, {}):
        return _READABLE[wanted.unit][unit_text]
    given = _pint_unit(unit_text, wanted)
    target = _pint_unit(wanted.unit, wanted)
    if wanted.per_mole and given.dimensionality != target.dimensionality:
        mole = _registry().Quantity(1.0, "mol")
        for per_particle in (given * mole / AVOGADRO, given / mole * AVOGADRO):
            if per_particle.dimensionality == target.dimensionality:
                given = per_particle
    if given.dimensionality != target.dimensionality:
        raise InputError(f"wrong unit '{unit_text}'; {wanted.expected}")
    if wanted.unit == "Hz" and "radian" in str(given.to_root_units().units):
        # pint counts a radian as 1, which would be wrong by 2 pi without a word.
        raise InputError(f"'{unit_text}' is an angular frequency, 2 pi f; {wanted.expected}")
    return float(given.to(wanted.unit).magnitude)


def _pint_unit(unit_text: str, wanted: Quantity) -> Any:
    """Return one `unit_text` as a pint quantity; "cm-3" and "cm2" are read as powers."""
    text = unit_text.replace("μ", "µ").replace("Ω", "ohm")  # one spelling of each
    text = _BARE_POWER.sub(r"^\1", text)
    if not _UNIT.fullmatch(text) and text != "1":
        raise InputError(f"'{unit_text}' is not a unit; {wanted.expected}")
    if text.startswith("/"):
        text = "1" + text
    registry = _registry()
    try:
        return registry.Quantity(1.0, registry.parse_units(text))
    except Exception as error:  # pint raises many unrelated types for texts that are no unit
        raise InputError(f"unknown unit '{unit_text}'; {wanted.expected}") from error


@dataclass(frozen=True)
class UnitValue:
    """Annotation that makes a pydantic float accept texts with a unit.

    `Annotated[float, UnitValue("S/m")]` stores S/m. Validation with the context
    `{"require_units": True}` refuses bare numbers where a unit is needed.

    Attributes:
        unit: unit of the stored float.
        above: exclusive lower bound, in `unit`.
        minimum: inclusive lower bound, in `unit`.
        below: exclusive upper bound, in `unit`.
        maximum: inclusive upper bound, in `unit`.
        words: texts that are accepted and kept as they are ("neutral").
    """

    unit: str
    above: float | None = None
    minimum: float | None = None
    below: float | None = None
    maximum: float | None = None
    words: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Build the validator of pydantic."""
        return core_schema.with_info_plain_validator_function(
            self._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self._serialize, info_arg=True
            ),
        )

    def _serialize(self, value: Any, info: SerializationInfo) -> Any:
        """Return the value itself, or a text with its unit in the context WRITE_UNITS."""
        wanted = info.context is not None and info.context.get("write_units")
        if not wanted or self.unit == "1" or not isinstance(value, float):
            return value
        return f"{value!r} {self.unit}"

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the value to editors: a text with a unit, or a plain number without one."""
        wanted = quantity(self.unit)
        kinds = ["number", "string"] if self.unit == "1" else ["string"]
        words = f"; or {' | '.join(self.words)}" if self.words else ""
        return {
            "type": kinds if len(kinds) > 1 else kinds[0],
            "description": f"{wanted.noun} [{self.unit}]{words}",
            "examples": [wanted.example, *self.words],
        }

    def _validate(self, value: Any, info: ValidationInfo) -> float | str:
        if isinstance(value, str) and value in self.words:
            return value
        context = info.context if isinstance(info.context, dict) else {}
        try:
            result = parse(value, self.unit, require_units=bool(context.get("require_units")))
            self._check_bounds(value, result)
        except InputError as error:
            raise PydanticCustomError(ERROR_TYPE, "{message}", {"message": str(error)}) from error
        return result

    def _check_bounds(self, value: Any, result: float) -> None:
        noun = quantity(self.unit).noun if self.unit != "1" else "value"
        if self.above is not None and not result > self.above:
            raise InputError(f"'{value}' is too small; the {noun} must be above {self.above:g}")
        if self.minimum is not None and not result >= self.minimum:
            raise InputError(
                f"'{value}' is too small; the {noun} must be at least {self.minimum:g}"
            )
        if self.below is not None and not result < self.below:
            raise InputError(f"'{value}' is too large; the {noun} must be below {self.below:g}")
        if self.maximum is not None and not result <= self.maximum:
            raise InputError(f"'{value}' is too large; the {noun} must be at most {self.maximum:g}")


def unit_of(annotation: Any) -> str | None:
    """Return the unit an annotation asks for ("C/m^2"), through optional types; None without."""
    for item in (annotation, *getattr(annotation, "__metadata__", ()), *get_args(annotation)):
        if isinstance(item, UnitValue):
            return item.unit
        if item is not annotation and (found := unit_of(item)):
            return found
    return None


Length = Annotated[float, UnitValue("m")]
Extent = Annotated[float, UnitValue("m", above=0.0)]
Distance = Annotated[float, UnitValue("m", minimum=0.0)]
Angle = Annotated[float, UnitValue("deg")]
ContactAngle = Annotated[float, UnitValue("deg", above=0.0, below=180.0)]
Potential = Annotated[float, UnitValue("V")]
Energy = Annotated[float, UnitValue("eV")]
Temperature = Annotated[float, UnitValue("K", above=0.0)]
Density = Annotated[float, UnitValue("1/m^3", above=0.0)]
Conductivity = Annotated[float, UnitValue("S/m", above=0.0)]
Diffusivity = Annotated[float, UnitValue("m^2/s", minimum=0.0)]
SurfaceCharge = Annotated[float, UnitValue("C/m^2")]
ChargeDensity = Annotated[float, UnitValue("C/m^3")]
Number = Annotated[float, UnitValue("1")]
PositiveNumber = Annotated[float, UnitValue("1", above=0.0)]
Fraction = Annotated[float, UnitValue("1", above=0.0, below=1.0)]
Share = Annotated[float, UnitValue("1", minimum=0.0, maximum=1.0)]
Time = Annotated[float, UnitValue("s", minimum=0.0)]
Duration = Annotated[float, UnitValue("s", above=0.0)]
Frequency = Annotated[float, UnitValue("Hz", above=0.0)]
SweepRate = Annotated[float, UnitValue("V/s", above=0.0)]
TotalCurrent = Annotated[float, UnitValue("A")]
CurrentPerDepth = Annotated[float, UnitValue("A/m")]
CurrentDensity = Annotated[float, UnitValue("A/m^2")]
ExchangeCurrent = Annotated[float, UnitValue("A/m^2", above=0.0)]
AreaCapacity = Annotated[float, UnitValue("A*s/m^2", above=0.0)]
Capacitance = Annotated[float, UnitValue("F/m^2", above=0.0)]
AreaResistance = Annotated[float, UnitValue("ohm*m^2", above=0.0)]
