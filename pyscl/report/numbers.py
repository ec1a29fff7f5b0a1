"""Numbers and units as they stand on the page."""

import math
import re
from collections.abc import Sequence

_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"),
             (1e-12, "p"))  # fmt: skip
_TAKES_PREFIX = re.compile(r"(V|A|C|F|Ohm|S|mol|eV|s|Hz|J|m|W)(?![A-Za-z^0-9])")
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def unit_text(unit: str) -> str:
    """Return a unit as it is printed: "Ohm*cm^2" is "Ω cm²", "1" is nothing."""
    if unit == "1":
        return ""
    text = re.sub("(?i)ohm", "Ω", unit).replace("*", " ")
    return re.sub(r"\^(-?\d+)", lambda found: found[1].translate(_RAISED), text)


def prefix(largest: float, unit: str) -> tuple[float, str]:
    """Return (SI per unit, printed unit) with the prefix that suits the largest value."""
    if unit == "C/m^2":  # as is usual for layers and polarizations: 1 uC/cm^2 = 0.01 C/m^2
        unit, largest, scale = "C/cm^2", largest * 1e-4, 1e4
    else:
        scale = 1.0
    if not _TAKES_PREFIX.match(unit) or not (0.0 < largest < math.inf):
        return scale, unit_text(unit)
    for factor, letter in _PREFIXES:
        least = factor if scale == 1.0 else 1e-2 * factor  # 0.79 uC/cm^2, not 790 nC/cm^2
        if largest >= least * 0.9995 and (scale == 1.0 or factor <= 1e-6):
            return factor * scale, letter + unit_text(unit)
    return scale, unit_text(unit)  # below the prefixes: a power of ten, without a prefix


def shared(values: Sequence[float], unit: str, digits: int = 4) -> tuple[float, str]:
    """Return (SI per unit, printed unit) for values side by side, as `prefix` of the largest.

    No prefix if one of the values would need a power of ten besides it.
    """
    factor, shown = prefix(max(map(abs, values), default=0.0), unit)
    plain, plain_unit = prefix(0.0, unit)
    if factor != plain and any("×" in number(v / factor, digits) for v in values):
        return plain, plain_unit
    return factor, shown


def share(value: float, digits: int = 4) -> str:
    """Return a number between 0 and 1; close to 1 as its distance from it: "1 − 1.2 × 10⁻⁴"."""
    if 0.999 <= value < 1.0:
        return f"1 − {number(1.0 - value, 2)}"
    return number(value, digits)


def number(value: float | None, digits: int = 4) -> str:
    """Return a number as people read it: "0.0137", "1.37 × 10⁻⁷", "−2.5"; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value):
        return "∞" if value > 0 else ("−∞" if value < 0 else "not a number")
    if isinstance(value, int) and abs(value) < 10**7:
        return str(value).replace("-", "−")
    if value == 0.0:
        return "0"
    power = math.floor(math.log10(abs(float(f"{value:.{digits}g}"))))
    if -4 < power < 6:
        text = f"{value:.{max(digits - 1 - power, 0)}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".") if abs(value - round(value)) < 1e-12 else text
        return text.replace("-", "−")
    return f"{value / 10.0**power:.{digits - 1}f} × 10{str(power).translate(_RAISED)}".replace(
        "-", "−"
    )


def quantity(value: float | None, unit: str, digits: int = 4) -> str:
    """Return a value with its unit and prefix: "61.3 mV", "2.06 nm"."""
    if value is None:
        return ""
    factor, shown = prefix(abs(value), unit)
    return f"{number(value / factor, digits)} {shown}".strip()


def percent(value: float, digits: int = 2) -> str:
    """Return a share as a signed percentage: "+1.25 %"."""
    text = f"{100.0 * value:+.{digits}f} %".replace("-", "−")
    return text if any(c in "123456789" for c in text) else "0 %"
