"""Resistance and conductance that space charge layers add to the bulk, from the state alone."""

import csv
from dataclasses import dataclass
from functools import cache
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl.carriers import bulk_conductivity, conductivity
from pyscl.errors import InputError, unknown_name
from pyscl.facets import facet_measure
from pyscl.postprocess.zones import nearest_places

if TYPE_CHECKING:
    from pyscl.materials import Carrier
    from pyscl.model import Model
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_ORDER = 6  # points of the quadrature in each direction of a triangle


@dataclass(frozen=True)
class CarrierLayer:
    """The layer of one carrier on one side of an interface or contact.

    sigma_bulk is that of the neutral bulk of the material, so that a region whose composition was
    changed as a whole (by charging) counts as layer.

    Attributes:
        region: the region of this side.
        carrier: the carrier.
        resistance: across the layer, integral of 1/sigma - 1/sigma_bulk [Ohm m2]; negative where
            the layer conducts better than the bulk.
        sheet_conductance: along the layer, integral of sigma - sigma_bulk [S].
        bulk_conductivity: sigma_bulk [S/m].
    """

    region: str
    carrier: str
    resistance: float
    sheet_conductance: float
    bulk_conductivity: float

    def to_dict(self) -> dict[str, float]:
        """Return plain numbers with units in the keys."""
        return {
            "resistance [ohm*m^2]": self.resistance,
            "resistance [ohm*cm^2]": 1e4 * self.resistance,
            "sheet conductance [S]": self.sheet_conductance,
            "bulk conductivity [S/m]": self.bulk_conductivity,
        }


@dataclass(frozen=True)
class GrainBoundary:
    """Effective resistivity of grains of one material with a boundary at every grain size.

    Attributes:
        carrier: the carrier.
        grain_size: distance d of the boundaries [m].
        bulk: 1/sigma_bulk [Ohm m].
        perpendicular: across the boundaries, 1/sigma_bulk + R/d [Ohm m].
        parallel: along them, 1/(sigma_bulk + G/d) [Ohm m], for one set of parallel boundaries;
            cubic grains (brick layers) have two sets, twice G.
    """

    carrier: str
    grain_size: float
    bulk: float
    perpendicular: float
    parallel: float

    def to_dict(self) -> dict[str, float]:
        """Return plain numbers with units in the keys."""
        return {
            "grain size [m]": self.grain_size,
            "bulk resistivity [ohm*m]": self.bulk,
            "perpendicular resistivity [ohm*m]": self.perpendicular,
            "parallel resistivity [ohm*m]": self.parallel,
        }


@dataclass(frozen=True)
class LayerResistance:
    """What the layers at an interface or contact add to the bulk, mean over its area.

    Transfer across the interface itself (kinetics, contact resistance, coating) is not in it.

    Attributes:
        place: interface "a|b" or contact.
        measure: length [m] (planar) or area [m2] (axisymmetric).
        unit: "m" or "m^2", of the measure.
        layers: one per side and mobile carrier.
    """

    place: str
    measure: float
    unit: str
    layers: tuple[CarrierLayer, ...]

    def layer(self, region: str, carrier: str) -> CarrierLayer:
        """Return the layer of a carrier in a region; InputError if there is none."""
        for layer in self.layers:
            if (layer.region, layer.carrier) == (region, carrier):
                return layer
        known = [f"{layer.carrier} in {layer.region}" for layer in self.layers]
        raise unknown_name("mobile carrier", f"{carrier} in {region}", known, f"at '{self.place}'")

    def resistance(self, carrier: str) -> float:
        """Return the resistance across the layers of all sides [Ohm m2]."""
        return sum(layer.resistance for layer in self._of(carrier))

    def sheet_conductance(self, carrier: str) -> float:
        """Return the excess conductance along the layers of all sides [S]."""
        return sum(layer.sheet_conductance for layer in self._of(carrier))

    def grain_boundary(self, carrier: str, grain_size: float) -> GrainBoundary:
        """Return the effective resistivity of grains that meet at interfaces like this one.

        Args:
            carrier: the carrier.
            grain_size: distance of the boundaries [m].

        Raises:
            InputError: the two sides do not conduct alike in the bulk, or the grains are so small
                that their layers overlap.
        """
        sides = self._of(carrier)
        bulk = [layer.bulk_conductivity for layer in sides]
        if len(bulk) != 2 or not np.isclose(bulk[0], bulk[1], rtol=1e-9, atol=0.0):
            raise InputError(
                f"'{self.place}' is no boundary between equal grains for '{carrier}'; take an "
                "interface between two regions of one material"
            )
        if not grain_size > 0.0:
            raise InputError(f"the grain size must be above 0, not {grain_size} m")
        across = 1.0 / bulk[0] + self.resistance(carrier) / grain_size
        along = bulk[0] + self.sheet_conductance(carrier) / grain_size
        if min(across, along) <= 0.0:
            raise InputError(
                f"grains of {grain_size:.3g} m are thinner than their space charge layers at "
                f"'{self.place}'; the sum of bulk and layers holds for larger grains only"
            )
        return GrainBoundary(carrier, float(grain_size), 1.0 / bulk[0], across, 1.0 / along)

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with units in the keys."""
        regions = dict.fromkeys(layer.region for layer in self.layers)
        return {
            f"measure [{self.unit}]": self.measure,
            "sides": {
                region: {
                    layer.carrier: layer.to_dict()
                    for layer in self.layers
                    if layer.region == region
                }
                for region in regions
            },
        }

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per side and carrier, units in the column heads."""
        rows = [
            {"place": self.place, "region": layer.region, "carrier": layer.carrier}
            | layer.to_dict()
            for layer in self.layers
        ]
        with open(path, "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, rows[0] if rows else ("place", "region", "carrier"))
            table.writeheader()
            table.writerows(rows)

    def _of(self, carrier: str) -> list[CarrierLayer]:
        found = [layer for layer in self.layers if layer.carrier == carrier]
        if not found:
            names = {layer.carrier for layer in self.layers}
            raise unknown_name("mobile carrier", carrier, names, f"at '{self.place}'")
        return found


def layer_resistance(solution: "Solution", place: str) -> LayerResistance:
    """Evaluate the layers at an interface or contact; see `Solution.layer_resistance`.

    Every site counts for the place that is nearest to it, as in the contributions to a spectrum:
    interfaces between unlike materials or with a law, contacts with a voltage, charged sides. In
    a triangle ln(y/(1-y)), or ln(y) of a law without limit on the sites, is taken as linear, which
    is the exponential fit of the fluxes.

    Raises:
        InputError: there is no such interface or contact.
    """
    model = solution.model
    key, facets, regions = _find(model, place)
    measure = float(facet_measure(model, facets).sum())
    places, nearest, _ = nearest_places(model)
    mine = nearest == places.index(key) if key in places else np.zeros(len(nearest), dtype=bool)
    layers = []
    for region in regions:
        inside = solution.site_region == model.mesh.region_names.index(region)
        for carrier in model.materials[region].carriers:
            sigma = bulk_conductivity(carrier, model.temperature)
            if sigma > 0.0:
                across, along = _excess(solution, carrier, mine & inside)
                layers.append(
                    CarrierLayer(region, carrier.name, across / measure, along / measure, sigma)
                )
    unit = "m" if model.coordinates == "planar" else "m^2"
    return LayerResistance(key, measure, unit, tuple(layers))


def _find(model: "Model", place: str) -> tuple[str, NDArray[np.int32], list[str]]:
    """Return name, facets and regions of an interface or contact."""
    if not isinstance(place, str):
        raise InputError(
            f"{place!r} is no place; name an interface 'a|b' or a contact, one of "
            f"{', '.join([*model.mesh.interfaces, *model.contacts])}"
        )
    key = "|".join(sorted(part.strip() for part in place.split("|")))
    if key in model.mesh.interfaces:
        return key, model.mesh.interfaces[key], key.split("|")
    if place in model.contacts:
        return place, model.mesh.facets_of(place), model.exchanging_regions(place)
    raise unknown_name("interface or contact", place, [*model.mesh.interfaces, *model.contacts])


def _excess(
    solution: "Solution", carrier: "Carrier", inside: NDArray[np.bool_]
) -> tuple[float, float]:
    """Return the integrals of 1/sigma - 1/sigma_bulk and sigma - sigma_bulk over a layer.

    Args:
        solution: the solution.
        carrier: a mobile carrier of the region.
        inside: whether a site belongs to the layer, (n_sites,).
    """
    model = solution.model
    corners = solution.site_triangles
    corners = corners[inside[corners].any(axis=1)]
    points, weights = _triangle_rule()
    occupied, vacant = _between(solution, carrier, corners, points)
    local = conductivity(carrier, model.temperature, occupied, vacant)
    bulk = bulk_conductivity(carrier, model.temperature)
    with np.errstate(divide="ignore", over="ignore"):
        across = 1.0 / local - 1.0 / bulk
    ends = solution.site_points[corners]
    sides = ends[:, 1:] - ends[:, :1]
    area = 0.5 * np.abs(np.linalg.det(sides))[:, None]
    if model.coordinates == "axisymmetric":
        area = area * (2.0 * np.pi * (ends[:, :, 0] @ points.T))
    volume = area * weights * (inside[corners] @ points.T)
    return float((volume * across).sum()), float((volume * (local - bulk)).sum())


def _between(
    solution: "Solution", carrier: "Carrier", corners: NDArray[np.int32], points: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the occupied and empty share of the sites at points of triangles, (m, q) each."""
    from scipy.special import expit

    y, vacancy = solution.site_fraction(carrier.name), solution.vacant_fraction(carrier.name)
    with np.errstate(divide="ignore"):  # an empty or full site is infinitely resistive
        level = np.log(y) - np.log(vacancy)
    inside = level[corners] @ points.T
    if not carrier.statistics.site_limited:
        return np.exp(inside), np.ones_like(inside)
    return expit(inside), expit(-inside)


@cache
def _triangle_rule() -> tuple[FloatArray, FloatArray]:
    """Return barycentric points (q, 3) and weights (q,) that sum to 1, a collapsed Gauss rule."""
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    nodes, weights = (nodes + 1.0) / 2.0, weights / 2.0
    s, t = (a.ravel() for a in np.meshgrid(nodes, nodes, indexing="ij"))
    points = np.column_stack([1.0 - s, s * (1.0 - t), s * t])
    return points, 2.0 * s * np.outer(weights, weights).ravel()
