"""Conductivities and layer resistances against temperature, with activation energies."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import Boltzmann, elementary_charge

from pyscl.carriers import bulk_conductivity
from pyscl.errors import InputError, unknown_name, warn
from pyscl.materials.temperatures import constant_transport
from pyscl.study.static_response import static_response
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution
    from pyscl.study.newton import SolverOptions

FloatArray = NDArray[np.float64]
Quantity = Literal["bulk conductivity", "layer resistance", "total resistance"]

_KT_PER_K = Boltzmann / elementary_charge  # eV/K


@dataclass(frozen=True, eq=False)
class ArrheniusSeries:
    """One quantity at every temperature, and its activation energy.

    The energy Ea is the slope of ln(sigma T) = ln(prefactor) - Ea/kT for a conductivity, and of
    ln(T/R) in the same way for a resistance, so that the two can be compared. It is None where the
    values are not all positive and finite: a layer may conduct better than the bulk.

    Attributes:
        quantity: "bulk conductivity", "layer resistance" or "total resistance".
        place: region, interface "a|b" or contact.
        region: side of an interface or contact, the region itself for the bulk; "" for the total.
        carrier: the carrier; "" for the total.
        unit: of the values.
        values: (n,) [`unit`].
        activation_energy: Ea [eV], or None.
        standard_error: of Ea [eV]; None without Ea or with two temperatures only.
        prefactor: of sigma T [S K/m], or of T/R [K per unit of R]; None without Ea.
    """

    quantity: Quantity
    place: str
    region: str
    carrier: str
    unit: str
    values: FloatArray
    activation_energy: float | None
    standard_error: float | None
    prefactor: float | None

    @property
    def name(self) -> str:
        """Quantity, carrier and place, e.g. "layer resistance Li a|b (a)"."""
        side = f"({self.region})" if self.region not in ("", self.place) else ""
        parts = (self.quantity, self.carrier, self.place, side)
        return " ".join(part for part in parts if part)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with units in the keys."""
        return {
            f"values [{self.unit}]": self.values.tolist(),
            "activation energy [eV]": self.activation_energy,
            "standard error [eV]": self.standard_error,
        }


@dataclass(frozen=True, eq=False)
class ArrheniusResult:
    """Quantities at several temperatures.

    Attributes:
        temperatures: (n,) [K], ascending.
        series: bulk conductivity of every region and carrier, layer resistance of every side of
            the asked interfaces and contacts, total resistance.
    """

    temperatures: FloatArray
    series: tuple[ArrheniusSeries, ...]

    def __getitem__(self, name: str) -> ArrheniusSeries:
        """Return a series by its name; InputError with the nearest one otherwise."""
        for series in self.series:
            if series.name == name:
                return series
        raise unknown_name("series", name, [series.name for series in self.series])

    def bulk(self, region: str, carrier: str) -> ArrheniusSeries:
        """Return the bulk conductivity of a carrier in a region."""
        return self[f"bulk conductivity {carrier} {region}"]

    def layer(self, place: str, region: str, carrier: str) -> ArrheniusSeries:
        """Return the resistance of a layer, on the side of a region."""
        return self[f"layer resistance {carrier} {place} ({region})"]

    def layer_excess_energy(self, place: str, region: str, carrier: str) -> float | None:
        """Return by how much the activation energy of a layer exceeds that of its bulk [eV].

        None where the layer has no activation energy, see `ArrheniusSeries`.
        """
        layer = self.layer(place, region, carrier).activation_energy
        bulk = self.bulk(region, carrier).activation_energy
        return None if layer is None or bulk is None else layer - bulk

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with units in the keys."""
        return {
            "temperature [K]": self.temperatures.tolist(),
            **{series.name: series.to_dict() for series in self.series},
        }

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per temperature, units in the column heads."""
        head = ["temperature [K]", "1000/temperature [1/K]"]
        columns = [self.temperatures, 1e3 / self.temperatures, *(s.values for s in self.series)]
        with open(path, "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(head + [f"{s.name} [{s.unit}]" for s in self.series])
            for row in zip(*columns, strict=True):
                table.writerow([f"{value:.12g}" for value in row])


def arrhenius(
    model: "Model | Callable[[float], Model]",
    temperatures: Sequence[float | str] | ArrayLike,
    *,
    places: Sequence[str] | None = None,
    contact: str | None = None,
    options: "SolverOptions | None" = None,
) -> ArrheniusResult:
    """Compute the equilibrium at several temperatures and fit activation energies.

    A `UserWarning` tells of every transport value of a card that has no activation energy.

    Args:
        model: a model, taken to each temperature by `Model.with_temperature`, or a function that
            returns the model at a temperature [K], e.g. to hold a potential drop fixed.
        temperatures: two or more, [K] or texts with a unit.
        places: interfaces "a|b" and contacts whose layers are wanted; default: all interfaces.
        contact: contact whose direct-current resistance dV/dI against all others is the total
            resistance; default: no total resistance.
        options: tolerances and iteration limits.

    Raises:
        InputError: fewer than two different temperatures, an unknown place or contact, or a
            contact that passes no steady current.
        ConvergenceError: an equilibrium failed; carries the history.
    """
    from pyscl.model import Model

    kelvin = _read(temperatures)
    collected: dict[tuple[Quantity, str, str, str, str], list[float]] = {}
    state: Solution | None = None
    constant: dict[str, str] = {}
    for value in kelvin:
        here = model.with_temperature(value) if isinstance(model, Model) else model(value)
        _check(here, value, contact)
        for line in constant_transport(here.materials, value):
            constant.setdefault(line.partition(" is ")[0], line)
        state = here.equilibrium(state if isinstance(model, Model) else None, options=options)
        for key, number in _measure(state, places, contact):
            collected.setdefault(key, []).append(number)
    if any(len(values) != len(kelvin) for values in collected.values()):
        raise InputError("the models of all temperatures need the same regions and carriers")
    for line in constant.values():
        warn(line)
    series = (_series(*key, np.array(values), kelvin) for key, values in collected.items())
    return ArrheniusResult(kelvin, tuple(series))


def _read(temperatures: Sequence[float | str] | ArrayLike) -> FloatArray:
    """Return the temperatures in ascending order [K]."""
    given: Any = temperatures
    if isinstance(given, str) or not np.iterable(given):
        raise InputError(f"'{given}' is no list of temperatures; give two or more")
    kelvin = np.unique([parse(t, "K") for t in given])
    if len(kelvin) < 2 or not kelvin[0] > 0.0:
        raise InputError(
            f"{len(kelvin)} different temperatures from {kelvin[:1]} K; an activation energy needs "
            "two or more, all above 0 K"
        )
    return kelvin


def _check(model: "Model", temperature: float, contact: str | None) -> None:
    """Refuse a model of another temperature, and an unknown contact."""
    if not np.isclose(model.temperature, temperature, rtol=1e-12, atol=0.0):
        raise InputError(
            f"the function returned a model at {model.temperature:g} K for {temperature:g} K; "
            "pass its argument on as temperature"
        )
    if contact is not None and contact not in model.contacts:
        raise unknown_name("contact", contact, model.contacts)


def _measure(
    state: "Solution",
    places: Sequence[str] | None,
    contact: str | None,
) -> list[tuple[tuple[Quantity, str, str, str, str], float]]:
    """Return ((quantity, place, region, carrier, unit), value) of a state."""
    model = state.model
    found: list[tuple[tuple[Quantity, str, str, str, str], float]] = []
    for region, material in model.materials.items():
        for carrier in material.carriers:
            sigma = bulk_conductivity(carrier, model.temperature)
            if sigma > 0.0:
                found.append((("bulk conductivity", region, region, carrier.name, "S/m"), sigma))
    for place in model.mesh.interfaces if places is None else places:
        result = state.layer_resistance(place)
        found += [
            (
                ("layer resistance", result.place, layer.region, layer.carrier, "ohm*m^2"),
                layer.resistance,
            )
            for layer in result.layers
        ]
    if contact is not None:
        conductance = static_response(state, contact).conductance
        if not conductance > 0.0:
            raise InputError(
                f"no steady current flows through contact '{contact}', so that there is no total "
                "resistance; leave contact out, or let a carrier pass between two contacts"
            )
        unit = "ohm*m" if model.coordinates == "planar" else "ohm"
        found.append((("total resistance", contact, "", "", unit), 1.0 / conductance))
    return found


def _series(
    quantity: Quantity,
    place: str,
    region: str,
    carrier: str,
    unit: str,
    values: FloatArray,
    kelvin: FloatArray,
) -> ArrheniusSeries:
    from scipy.stats import linregress

    energy = error = prefactor = None
    if (values > 0.0).all() and np.isfinite(values).all():
        conducting = values * kelvin if quantity == "bulk conductivity" else kelvin / values
        line = linregress(1.0 / kelvin, np.log(conducting))
        energy = float(-line.slope * _KT_PER_K)
        prefactor = float(np.exp(line.intercept))
        # Two points have no scatter.
        error = float(line.stderr * _KT_PER_K) if len(kelvin) > 2 else None
    return ArrheniusSeries(quantity, place, region, carrier, unit, values, energy, error, prefactor)
