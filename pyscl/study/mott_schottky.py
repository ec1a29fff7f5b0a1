"""Differential capacitance of a contact against bias, and what its Mott-Schottky line says."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from pyscl import _core
from pyscl.boundaries import BlockingContact
from pyscl.carriers import bulk_eta, core_statistics
from pyscl.errors import InputError, unknown_name
from pyscl.facets import facet_measure
from pyscl.study.static_response import static_response
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.materials import Carrier
    from pyscl.model import Model
    from pyscl.solution import Solution
    from pyscl.study.newton import SolverOptions

FloatArray = NDArray[np.float64]

_TAIL = 60.0  # kT beyond which dilute carriers or vacancies do not count, e^-60
_DEVIATION = 0.02  # from a line, relative to the largest 1/C^2: more is no line
_STRAIGHT = 0.005  # the same, of a range that is proposed instead
_WIDTH = 4.0  # of this range at least [kT/e]: any curve is straight over less


@dataclass(frozen=True, eq=False)
class CapacitanceCurve:
    """Charge and differential capacitance of a contact at several biases.

    Attributes:
        contact: the contact.
        biases: applied voltages (n,) [V], ascending.
        charge: on the contact (n,) [C/m2].
        capacitance: dQ/dV per area of the contact (n,) [F/m2].
    """

    contact: str
    biases: FloatArray
    charge: FloatArray
    capacitance: FloatArray

    @property
    def inverse_square(self) -> FloatArray:
        """1/C^2 (n,) [m4/F2]."""
        return 1.0 / self.capacitance**2

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per bias, units in the column heads."""
        columns = {
            "bias [V]": self.biases,
            "charge [C/m^2]": self.charge,
            "capacitance [F/m^2]": self.capacitance,
            "capacitance [uF/cm^2]": 1e2 * self.capacitance,
            "1/C^2 [m^4/F^2]": self.inverse_square,
        }
        with open(path, "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(columns)
            for row in zip(*columns.values(), strict=True):
                table.writerow([f"{value:.12g}" for value in row])


@dataclass(frozen=True, eq=False)
class MottSchottky:
    """The straight line 1/C^2 = slope (bias - intercept) of a depleted layer.

    A layer that is emptied of its mobile carriers obeys slope = 2/(eps z e n) and intercept =
    flat band + s kT/(z e), with s = 1 for dilute carriers and s = -ln(1-y)/y for a lattice gas
    with site fraction y of the bulk. Where a lattice gas is filled instead, the same holds for
    its vacancies, of charge -z. What lies in series with the layer (compact layers, the layer of
    a second electrode) moves flat band and density.

    Attributes:
        curve: the capacitances.
        carrier: the carrier of the layer.
        depleted: "carrier", or "vacancies" where the layer is full of carriers.
        fit_range: smallest and largest bias of the fit [V].
        slope: [m4/(F2 V)], with its standard error.
        intercept: bias at which the line meets 1/C^2 = 0 [V], with its standard error.
        carrier_density: n of the depleted carriers or vacancies [1/m3], with its standard error.
        flat_band: bias without a layer [V], with its standard error.
        deviation: largest distance of a fitted point from the line over the largest 1/C^2.
    """

    curve: CapacitanceCurve
    carrier: str
    depleted: Literal["carrier", "vacancies"]
    fit_range: tuple[float, float]
    slope: float
    slope_error: float
    intercept: float
    intercept_error: float
    carrier_density: float
    carrier_density_error: float
    flat_band: float
    flat_band_error: float
    deviation: float

    @property
    def line(self) -> FloatArray:
        """The fitted 1/C^2 at all biases of the curve (n,) [m4/F2]."""
        return self.slope * (self.curve.biases - self.intercept)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with units in the keys."""
        return {
            "contact": self.curve.contact,
            "carrier": self.carrier,
            "depleted": self.depleted,
            "fit range [V]": list(self.fit_range),
            "slope [m^4/(F^2 V)]": self.slope,
            "standard error of the slope [m^4/(F^2 V)]": self.slope_error,
            "carrier density [1/m^3]": self.carrier_density,
            "standard error of the density [1/m^3]": self.carrier_density_error,
            "flat band [V]": self.flat_band,
            "standard error of the flat band [V]": self.flat_band_error,
            "deviation from the line": self.deviation,
        }


def capacitance_curve(
    model: "Model",
    contact: str,
    biases: Sequence[float | str] | ArrayLike,
    *,
    options: "SolverOptions | None" = None,
) -> CapacitanceCurve:
    """Compute the static capacitance dQ/dV of a contact at several biases.

    Args:
        model: the model.
        contact: a contact with a potential; the others stay at their voltages.
        biases: voltages added to it [V], or texts with a unit.
        options: tolerances and iteration limits.

    Raises:
        InputError: an unknown contact, or one without a potential; no bias.
        ConvergenceError: a steady state failed; carries the history.
    """
    _check_contact(model, contact)
    volts = _read(biases)
    area = float(facet_measure(model, model.mesh.facets_of(contact)).sum())
    state: Solution | None = None
    charge, capacitance = np.empty(len(volts)), np.empty(len(volts))
    for k, bias in enumerate(volts):
        state = model.steady({contact: float(bias)}, state, options=options)
        charge[k] = state.contact(contact).charge / area
        capacitance[k] = static_response(state, contact).charges[contact] / area
    return CapacitanceCurve(contact, volts, charge, capacitance)


def mott_schottky(
    model: "Model",
    contact: str,
    biases: Sequence[float | str] | ArrayLike,
    *,
    fit: tuple[float | str, float | str] | None = None,
    carrier: str | None = None,
    options: "SolverOptions | None" = None,
) -> MottSchottky:
    """Compute a Mott-Schottky plot and fit its straight part.

    Args:
        model: the model.
        contact: the electrode, best one that blocks the carrier.
        biases: voltages added to it [V], or texts with a unit.
        fit: biases between which 1/C^2 is fitted; default: all. Choose the depleted part, some
            kT/e away from the flat band.
        carrier: carrier of the layer; default: the only one of the region at the contact.
        options: tolerances and iteration limits.

    Raises:
        InputError: bad contact or carrier, fewer than three biases in the fit, or a 1/C^2 that
            does not follow a line to 2 %; names a range where it does. `capacitance_curve` gives
            the capacitances without a line.
        ConvergenceError: a steady state failed; carries the history.
    """
    _check_contact(model, contact)
    law, permittivity = _layer_carrier(model, contact, carrier)
    volts = _read(biases)
    chosen = _chosen(volts, fit)
    curve = capacitance_curve(model, contact, volts, options=options)
    return _fit(curve, chosen, law, permittivity, model.temperature)


def _chosen(volts: FloatArray, fit: tuple[float | str, float | str] | None) -> NDArray[np.bool_]:
    """Return which biases belong to the fit.

    Raises:
        InputError: no range, or fewer than three biases in it.
    """
    low, high = volts[0], volts[-1]
    if fit is not None:
        if isinstance(fit, str) or not np.iterable(fit) or len(fit) != 2:
            raise InputError(f"fit={fit!r} is no range; give its lowest and highest bias")
        low, high = (parse(v, "V") for v in fit)
        if low > high:
            raise InputError(
                f"the range of the fit is reversed: from {low:g} to {high:g} V; give the lower "
                "bias first"
            )
    slack = 1e-9 * max(1.0, float(np.ptp(volts)))  # a bias at the end of the range is inside
    chosen = (volts >= low - slack) & (volts <= high + slack)
    if chosen.sum() < 3:
        raise InputError(
            f"{chosen.sum()} biases between {low:g} and {high:g} V; a line with errors needs three "
            "or more"
        )
    return np.asarray(chosen)


def _fit(
    curve: CapacitanceCurve,
    chosen: NDArray[np.bool_],
    carrier: "Carrier",
    permittivity: float,
    temperature: float,
) -> MottSchottky:
    from scipy.stats import linregress

    x, y = curve.biases[chosen], curve.inverse_square[chosen]
    line = linregress(x, y)
    slope, slope_error = float(line.slope), float(line.stderr)
    deviation = _deviation(x, y)
    # Twice the error, and a change that is more than rounding: otherwise there is no line.
    least = max(2.0 * slope_error * np.ptp(x), 1e-6 * np.abs(y).max())
    if abs(slope) * np.ptp(x) < least or deviation > _DEVIATION:
        raise InputError(
            f"1/C^2 of '{curve.contact}' does not follow a line between {x[0]:g} and {x[-1]:g} V: "
            f"it leaves the best one by {100.0 * deviation:.2g} % (slope {slope:.3g} +- "
            f"{slope_error:.2g} m^4/(F^2 V)); {_straight_range(x, y, temperature)}"
        )
    emptied = slope * carrier.charge > 0.0
    if not (emptied or carrier.statistics.site_limited):
        raise InputError(
            f"1/C^2 of '{curve.contact}' has the slope of a layer that is filled with "
            f"'{carrier.name}', which has no vacancies; choose biases of the other sign, or "
            "another carrier"
        )
    density = 2.0 / (permittivity * abs(carrier.charge) * elementary_charge * abs(slope))
    # A depleted layer lies on the side of the flat band to which the slope points.
    thermal = Boltzmann * temperature / (abs(carrier.charge) * elementary_charge)
    shift = np.sign(slope) * thermal * depletion_shift(carrier, temperature, emptied)
    # Slope and mean height scatter independently of each other.
    root, height = -float(line.intercept) / slope, float(y.mean())
    height_error = slope_error * float(np.std(x))
    root_error = float(np.hypot(height_error, height / slope * slope_error)) / abs(slope)
    return MottSchottky(
        curve,
        carrier.name,
        "carrier" if emptied else "vacancies",
        (float(x[0]), float(x[-1])),
        slope,
        slope_error,
        root,
        root_error,
        density,
        density * slope_error / abs(slope),
        float(root - shift),
        root_error,
        deviation,
    )


def _deviation(x: FloatArray, y: FloatArray) -> float:
    """Return the largest distance of points from their best line over the largest y."""
    line = np.polynomial.Polynomial.fit(x, y, 1)
    return float(np.abs(line(x) - y).max() / np.abs(y).max())


def _straight_range(x: FloatArray, y: FloatArray, temperature: float) -> str:
    """Say where the longest straight part of a curve lies, that is not flat."""
    width = _WIDTH * Boltzmann * temperature / elementary_charge
    for count in range(len(x) - 1, 3, -1):
        for first in range(len(x) - count + 1):
            u, v = x[first : first + count], y[first : first + count]
            if u[-1] - u[0] < width or abs(v[-1] - v[0]) < 0.1 * np.abs(v).max():
                continue
            if _deviation(u, v) < _STRAIGHT:
                return f"it is straight with fit=({u[0]:.4g}, {u[-1]:.4g})"
    return (
        "no part of it is straight, so that no layer is depleted there; choose other biases, "
        "further from the flat band"
    )


def depletion_shift(carrier: "Carrier", temperature: float, emptied: bool = True) -> float:
    """Return the shift s of the Mott-Schottky line in kT/(|z| e).

    s = int y/y0 deta from -infinity to the bulk, the excess pressure of the bulk; for vacancies
    int (1-y)/(1-y0) deta from there to infinity.

    Args:
        carrier: the carrier.
        temperature: [K].
        emptied: True for the carrier, False for its vacancies.
    """
    from scipy.integrate import quad

    statistics = core_statistics(carrier.statistics, temperature)
    bulk = bulk_eta(carrier, temperature)

    def share(distance: float) -> float:
        eta = bulk - distance if emptied else bulk + distance
        y, vacancy, _ = _core.occupancy(statistics, np.array([eta]))
        return float(y[0] if emptied else vacancy[0])

    parts = (quad(share, a, b, epsrel=1e-10)[0] for a, b in ((0.0, 5.0), (5.0, _TAIL)))
    return float(sum(parts) / share(0.0))


def _check_contact(model: "Model", contact: str) -> None:
    """Refuse contacts that are unknown, or hold no potential and so no charge."""
    if contact not in model.contacts:
        raise unknown_name("contact", contact, model.contacts)
    law = model.contacts[contact]
    if isinstance(law, BlockingContact) or law.potential is None:
        raise InputError(
            f"contact '{contact}' holds no potential, so that it has no capacitance; give it one, "
            "e.g. PotentialContact(potential=0.0)"
        )


def _read(biases: Sequence[float | str] | ArrayLike) -> FloatArray:
    given: Any = biases
    if isinstance(given, str) or not np.iterable(given):
        raise InputError(f"'{given}' is no list of biases; give their voltages")
    volts = np.unique(np.array([parse(v, "V") for v in given], dtype=float))
    if not len(volts):
        raise InputError("no bias is given; a capacitance needs one or more")
    return volts


def _layer_carrier(model: "Model", contact: str, name: str | None) -> tuple["Carrier", float]:
    """Return the carrier of the layer at a contact, and the permittivity there [F/m]."""
    regions = model.regions_at(contact)
    found = [
        (carrier, model.materials[region].relative_permittivity * epsilon_0)
        for region in regions
        for carrier in model.materials[region].carriers
        if name in (None, carrier.name)
    ]
    if len(found) == 1:
        return found[0]
    names = {c.name for region in regions for c in model.materials[region].carriers}
    if name is not None and name not in names:
        raise unknown_name("carrier", name, names, f"at '{contact}'")
    raise InputError(
        f"contact '{contact}' meets {', '.join(sorted(names)) or 'no carrier'} in "
        f"{', '.join(regions)}; the slope needs one carrier in one region"
        + (", name it with `carrier`" if len(names) > 1 else "")
    )
