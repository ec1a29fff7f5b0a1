"""What the colours of a field mean: norm, colour map, unit and label."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, floor, log10
from typing import Any, Literal

import numpy as np
from matplotlib.colors import LogNorm, Normalize, SymLogNorm, make_norm_from_scale
from matplotlib.scale import LogitScale
from numpy.typing import NDArray

from pyscl.plot.colours import DIFFERENCE, POTENTIAL, SIGNED
from pyscl.plot.style import prefixed, with_unit
from pyscl.plot.ticks import power
from pyscl.solution import Solution

FloatArray = NDArray[np.float64]
Component = Literal["magnitude", "x", "y"]

_WORDS = {
    "potential": "Potential",
    "electric_field": "Electric field",
    "charge_density": "Charge density",
    "polarization": "Polarization",
    "displacement": "Displacement",
    "bound_charge_density": "Bound charge density",
    "site_fraction": "site fraction",
    "concentration": "concentration",
    "electrochemical_potential": "electrochemical potential",
    "current_density": "current density",
}
_MAPS = {
    "potential": POTENTIAL,
    "electrochemical_potential": POTENTIAL,
    "electric_field": "inferno",
    "current_density": "inferno",
}
SYMBOLS = {"electric_field": "E", "current_density": "j", "polarization": "P", "displacement": "D"}
_UNIFORM = 0.8  # smallest over largest magnitude of a field that is about uniform
DECADES = 5  # of magnitudes; what is smaller has the colour of the lower end
CHARGE_DECADES = 2
SITE_DECADES = 12


@partial(
    make_norm_from_scale,
    partial(LogitScale, nonpositive="mask"),
    init=lambda vmin=None, vmax=None, clip=False: None,
)
class LogitNorm(Normalize):
    """Colours by log(y / (1 - y)), which spreads y -> 0 and y -> 1 alike."""


@dataclass(frozen=True)
class Scale:
    """The colour scale of a field.

    Attributes:
        norm: maps values divided by `factor` to 0 ... 1.
        colours: name of the colour map.
        label: quantity and unit.
        factor: SI units per unit of the label.
        extend: ends of the scale beyond which there are values.
        ticks: value / factor -> label, None to leave it to matplotlib.
    """

    norm: Normalize
    colours: str
    label: str
    factor: float
    extend: Literal["neither", "min", "max", "both"] = "neither"
    ticks: dict[float, str] | None = None


def scale_of(
    solution: Solution, name: str, seen: Sequence[FloatArray], component: Component
) -> Scale:
    """Choose the scale of a field over what is seen of one or several solutions.

    Args:
        solution: one of the solutions, for names and units.
        name: field name.
        seen: per solution, the finite values [SI] and the shares of their sites, (2, n).
        component: of vector fields: "magnitude" gets a logarithmic (polarization and displacement a
            linear), "x" and "y" a signed scale.
    """
    quantity, _ = split_name(name)
    data, share = _together(seen)
    vector = solution[name].location == "triangle"

    options: dict[str, Any]
    if vector and component == "magnitude" and quantity in ("polarization", "displacement"):
        options = {"norm": Normalize(0.0, float(data.max()) or 1.0)}
    elif vector and component == "magnitude" and data.min() > _UNIFORM * data.max():
        options = {"norm": Normalize(0.0, float(data.max()))}  # no magnified rounding
    elif vector and component == "magnitude":
        options = _logarithmic(data, DECADES)
    elif quantity == "site_fraction" and _reaches_full(data):
        options = _logit(data)
    elif quantity in ("site_fraction", "concentration") and data.max() > 10.0 * data.min():
        options = _logarithmic(data, SITE_DECADES)
    elif vector or quantity.endswith("charge_density"):
        options = _signed(data, share)
    else:
        options = _linear(data)

    colours = options.pop("colours", _MAPS.get(quantity, "viridis"))
    return _scale(solution, name, component, options, colours)


def difference_scale(
    solution: Solution, name: str, seen: Sequence[FloatArray], component: Component
) -> Scale:
    """Return a scale for differences of a field, symmetric about zero; see `scale_of`."""
    options = _signed(*_together(seen)) | {"colours": DIFFERENCE}
    return _scale(solution, name, component, options, options.pop("colours"), "Δ ")


def split_name(name: str) -> tuple[str, str]:
    """Return (quantity, carrier) of the name of a field, carrier "" where there is none."""
    for quantity in _WORDS:
        if name.startswith(f"{quantity}_") and name not in _WORDS:
            return quantity, name.removeprefix(f"{quantity}_")
    return name, ""


def words_of(name: str, part: str = "") -> str:
    """Return what a field is called, e.g. "Li current density j"."""
    quantity, carrier = split_name(name)
    return " ".join(word for word in (carrier, _WORDS[quantity], part) if word)


def _part(solution: Solution, name: str, component: Component) -> str:
    """Return which part of a vector is drawn, "|E|"."""
    if solution[name].location != "triangle":
        return ""
    symbol = SYMBOLS[split_name(name)[0]]
    return {"magnitude": f"|{symbol}|", "x": f"{symbol}$_x$", "y": f"{symbol}$_y$"}[component]


def _scale(
    solution: Solution,
    name: str,
    component: Component,
    options: dict[str, Any],
    colours: str,
    before: str = "",
) -> Scale:
    """Return a scale with the unit that suits it; linear ones get a prefix."""
    factor, norm, unit = 1.0, options.pop("norm"), solution[name].unit
    if type(norm) is Normalize:
        low, high = float(norm.vmin or 0.0), float(norm.vmax or 0.0)
        factor, unit = prefixed(max(abs(low), abs(high)), unit)
        norm = Normalize(low / factor, high / factor)
    else:
        unit = prefixed(0.0, unit)[1]
    label = with_unit(before + words_of(name, _part(solution, name, component)), unit)
    return Scale(norm, colours, label, factor, **options)


def _together(seen: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return all values that are seen, and the shares of their sites; a zero if there are none."""
    data, share = np.concatenate([np.array([[0.0], [0.0]]) if not v.size else v for v in seen], 1)
    return data, share


def _reaches_full(data: FloatArray) -> bool:
    return bool(0.0 < data.min() and 0.9 < data.max() <= 1.0)


def _logit(data: FloatArray) -> dict[str, Any]:
    least = 10.0**-SITE_DECADES
    low, high = np.clip([data.min(), data.max()], least, 1.0 - least)
    low = min(low, 0.5)
    ends = (data.min() < low, data.max() > high)
    return {"norm": LogitNorm(low, high), "extend": _extend(*ends)}


def _logarithmic(data: FloatArray, decades: int) -> dict[str, Any]:
    high = data.max()
    if not high > 0.0:
        return {"norm": Normalize(0.0, 1.0)}
    low = max(data.min(), high * 10.0**-decades)
    if low > 0.8 * high:
        return _linear(data)
    return {"norm": LogNorm(low, high), "extend": _extend(data.min() < low, False)}


def _signed(data: FloatArray, share: FloatArray) -> dict[str, Any]:
    """Symmetric about zero; logarithmic towards both ends if values are small nearly everywhere."""
    size = np.abs(data)
    largest = float(size.max()) or 1.0
    if share[size > 0.03 * largest].sum() > 0.5 * share[size > 0.0].sum() or not size.any():
        return {"norm": Normalize(-largest, largest), "colours": SIGNED}
    threshold = largest * 10.0**-CHARGE_DECADES
    norm = SymLogNorm(threshold, linscale=0.5, vmin=-largest, vmax=largest, base=10)
    decades = range(ceil(log10(threshold)), floor(log10(largest)) + 1)
    ticks = {0.0: "0"}
    for n in decades:
        ticks |= {10.0**n: power(n), -(10.0**n): f"−{power(n)}"}
    return {"norm": norm, "colours": SIGNED, "ticks": ticks}


def _linear(data: FloatArray) -> dict[str, Any]:
    """Sequential, or diverging if values of both signs are of similar size."""
    low, high = float(data.min()), float(data.max())
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        margin = 0.05 * max(abs(low), abs(high)) or 1.0
        low, high = low - margin, high + margin
    if low < 0.0 < high and min(-low, high) > 0.2 * max(-low, high):
        largest = max(-low, high)
        return {"norm": Normalize(-largest, largest), "colours": DIFFERENCE}
    return {"norm": Normalize(low, high)}


def _extend(below: bool, above: bool) -> Literal["neither", "min", "max", "both"]:
    if below:
        return "both" if above else "min"
    return "max" if above else "neither"
