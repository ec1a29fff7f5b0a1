"""What a space charge layer is by name: drop, widths, excess, fields, capacitance, depletion.

They are attributes of `SideResult`: of the sides of `Solution.interface` and `Solution.contact`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Avogadro, elementary_charge, epsilon_0

from pyscl.errors import InputError, unknown_name
from pyscl.facets import facet_measure, facet_sites, sides_at
from pyscl.fields import site_density
from pyscl.polarization import core_polarization, polarization
from pyscl.postprocess.planar import local_debye_length, planar_capacitance
from pyscl.postprocess.profiles import decay_depths
from pyscl.postprocess.surfaces import surface_density
from pyscl.postprocess.zones import facets_beside, zone

if TYPE_CHECKING:
    from pyscl.materials import Material
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_WEAKEST = 1e-6  # kT/e; a smaller drop has no width
_MEASURED = 0.5  # share of a place on which a width must exist


@dataclass(frozen=True)
class Along:
    """A quantity along an interface or contact: mean over its measure, and spread.

    Attributes:
        mean: mean [its unit] over the part of the place on which it exists; None if too little.
        spread: standard deviation along that part [as mean]; None with `mean`.
        share: the part of the place on which it exists, 0 to 1.
        reason: why there is no mean, or "".
    """

    mean: float | None
    spread: float | None
    share: float
    reason: str = ""

    def __float__(self) -> float:
        """Return the mean.

        Raises:
            InputError: there is none; says why.
        """
        if self.mean is None:
            raise InputError(f"no mean: {self.reason}")
        return self.mean

    @classmethod
    def of(
        cls, values: FloatArray, measure: FloatArray, reason: str, least: float = 0.0
    ) -> "Along":
        """Average values (k,), NaN where they do not exist, over the measure (k,).

        Args:
            values: the values.
            measure: their shares in the place [m] or [m2].
            reason: what to say where the mean is missing.
            least: smallest share of the place on which they must exist.
        """
        there = np.isfinite(values)
        share = float(measure[there].sum() / measure.sum())
        if not there.any() or share < least:
            return cls(None, None, share, reason)
        mean = float(np.average(values[there], weights=measure[there]))
        square = float(np.average((values[there] - mean) ** 2, weights=measure[there]))
        return cls(mean, square**0.5, share)


class LayerSide:
    """The arrays behind the layer on one side of an interface, contact or charged side.

    Arrays (k, 2) belong to both ends of its facets.

    Attributes:
        solution: the state.
        place: interface "a|b", contact or charged side.
        region: the region of this side.
        facets: node numbers (k, 2).
        ends: sites at both ends of the facets, (k, 2).
        measure: their shares in the measure [m] or [m2], (k, 2).
    """

    def __init__(self, solution: "Solution", place: str, region: str) -> None:
        """Find the sites of a side."""
        model = solution.model
        self.solution, self.place, self.region = solution, place, region
        self.facets = facets_beside(model, place, region)
        self.measure = facet_measure(model, self.facets)
        self.ends = facet_sites(model.mesh, solution.site_triangles, self.facets, region)

    @property
    def material(self) -> "Material":
        """The material of the region."""
        return self.solution.model.materials[self.region]

    @cached_property
    def triangle_sides(self) -> NDArray[np.intp]:
        """The triangle sides on the facets, in the region (k,)."""
        return sides_at(self.solution.model.mesh, self.facets, self.region)

    @cached_property
    def displacement(self) -> FloatArray:
        """Displacement that enters the region per area [C/m2], (k, 2), by Gauss's law."""
        from pyscl.postprocess.interfaces import border_measures

        model = self.solution.model
        _, border = border_measures(model, self.place, self.region)
        nodes = model.discretized.site_node[self.ends]
        return np.asarray(self.solution.gauss_rows[self.ends] / border[nodes])

    @cached_property
    def normal_field(self) -> FloatArray:
        """Electric field into the region [V/m], (k, 2): (D - P)/(eps0 eps_r) of the material."""
        model, law = self.solution.model, self.material
        eps = epsilon_0 * law.relative_permittivity
        bound = polarization(model, self.solution.unknowns)
        if not bound[model.mesh.regions_of(self.region)].any():
            return self.displacement / eps
        outward, _ = surface_density(self.solution, bound, self.triangle_sides)
        return (self.displacement + self._at_ends(outward)) / eps

    @cached_property
    def tangential_field(self) -> FloatArray:
        """Magnitude of the field along the place [V/m], (k, 2)."""
        points, phi = self.solution.model.mesh.points, self.solution["potential"].values[self.ends]
        length = np.linalg.norm(points[self.facets[:, 1]] - points[self.facets[:, 0]], axis=1)
        return np.sqrt(self._at_ends(((phi[:, 1] - phi[:, 0]) / length) ** 2))

    @cached_property
    def bending(self) -> FloatArray:
        """Potential against the bulk with the same electrochemical potentials [V], (k, 2)."""
        return self.solution["potential"].values[self.ends] - self.bulk

    @property
    def bulk(self) -> FloatArray:
        """Potential of that bulk [V], (k, 2)."""
        return self.solution.neutral_bulk.potential[self.ends]

    @cached_property
    def depths(self) -> FloatArray:
        """Where the bending has fallen to 1/e and to 1 % of that on the place [m], (2, k)."""
        solution = self.solution
        bending = solution["potential"].values - solution.neutral_bulk.potential
        inside = np.zeros(len(bending), dtype=bool)
        inside[zone(solution.model, self.place, self.region).sites] = True
        depths = decay_depths(
            solution.model.mesh,
            solution.site_triangles,
            self.triangle_sides,
            bending,
            inside,
            (float(np.exp(-1.0)), 0.01),
        )
        weak = np.abs(self.bending).mean(axis=1)
        depths[:, ~(weak > _WEAKEST * solution.model.discretized.scaling.potential)] = np.nan
        return depths

    def mean(self, values: FloatArray, reason: str, least: float = 0.0) -> Along:
        """Average values at both ends of the facets (k, 2), or of whole facets (k,)."""
        measure = self.measure if values.ndim == 2 else self.measure.sum(axis=1)
        return Along.of(values.ravel(), measure.ravel(), reason, least)

    def _at_ends(self, values: FloatArray) -> FloatArray:
        """Return the mean of values of facets (k,) at the nodes, at both ends (k, 2)."""
        n = self.solution.model.mesh.n_points
        total, weight = np.zeros(n), np.zeros(n)
        np.add.at(total, self.facets, self.measure * values[:, None])
        np.add.at(weight, self.facets, self.measure)
        return np.asarray(total[self.facets] / weight[self.facets])


class LayerQuantities:
    """The named quantities of a space charge layer, computed when they are asked for.

    The *bulk* of a place on the interface is the neutral material with the same electrochemical
    potentials: where the state is an equilibrium, the material far from all layers. It follows the
    composition where a region is charged as a whole, and the ohmic drop where a current flows.

    Where layers overlap, each point belongs to the nearest place. Widths that are not reached
    before the layer of another place begins do not exist; what is missing is in `Along.share`.
    """

    region: str
    charge: float
    _side: LayerSide

    @property
    def potential_drop(self) -> Along:
        """phi_bulk - phi_interface [V]: from the interface into the bulk of this side.

        Positive where the potential rises into the region: positive carriers gather on the
        interface.
        """
        return self._side.mean(-self._side.bending, self._no_bulk)

    @property
    def debye_length(self) -> float | None:
        """Debye length of the bulk [m], sqrt(eps kT/(e^2 sum z^2 dn/deta)); None without carriers.

        Of the bulk of this place, which follows the composition; that of the material as given is
        in `pyscl.validity.ScreeningLengths`. Of a field-dependent permittivity, that at zero field.
        """
        side = self._side
        if not side.material.carriers:
            return None
        bulk = side.bulk.ravel()
        lengths = local_debye_length(side.solution, self.region, side.ends.ravel(), bulk)
        return side.mean(lengths.reshape(side.ends.shape), self._no_bulk).mean

    @property
    def decay_width(self) -> Along:
        """Distance [m] at which |phi - phi_bulk| is 1/e of that on the interface, along normals.

        The Debye length for a weak planar layer, less for a strong one that accumulates, more for
        a depleted one.
        """
        return self._depth(0)

    @property
    def one_percent_width(self) -> Along:
        """Distance [m] at which |phi - phi_bulk| is 1 % of that on the interface, along normals.

        ln(100) = 4.6 Debye lengths for a weak planar layer.
        """
        return self._depth(1)

    @property
    def depletion_width(self) -> Along:
        """|Q| / (e sum |z| n_bulk) [m]: the layer without mobile carriers that holds the charge Q.

        Over the part of the interface on which the carriers are depleted, by the local charge of
        Gauss's law. Only where all carriers of the region have charges of one sign.
        """
        side = self._side
        carriers = side.material.carriers
        if len({np.sign(c.charge) for c in carriers}) != 1:
            what = "carriers of both signs" if carriers else "no carriers"
            return Along(None, None, 0.0, f"'{self.region}' has {what}")
        model = side.solution.model
        density = site_density(model)[:, side.ends]
        bulk = side.solution.neutral_bulk.site_fraction[:, side.ends]
        present = [model.carriers.index(c.name) for c in carriers]
        valence = np.abs(side.solution.charge_number[present])[:, None, None]
        available = elementary_charge * (valence * density[present] * bulk[present]).sum(axis=0)
        sign = np.sign(carriers[0].charge)
        width = np.where(side.displacement * sign > 0.0, np.abs(side.displacement), np.nan)
        return side.mean(width / available, "the carriers are nowhere depleted")

    @cached_property
    def excess(self) -> dict[str, float]:
        """Carrier -> surface excess [mol/m2]: integral of c - c_bulk over the layer, per area.

        Negative where carriers are missing. The sum of z F excess is the charge of a layer that
        ends within its own part of the region.
        """
        side = self._side
        solution, here = side.solution, zone(side.solution.model, side.place, self.region)
        density, bulk = site_density(solution.model), solution.neutral_bulk.site_fraction
        volume = here.weight * solution.site_volume[here.sites] / float(side.measure.sum())
        found = {}
        for carrier in side.material.carriers:
            number = solution.model.carriers.index(carrier.name)
            change = solution.site_fraction(carrier.name)[here.sites] - bulk[number, here.sites]
            found[carrier.name] = float(
                (density[number, here.sites] * change * volume).sum() / Avogadro
            )
        return found

    @property
    def mean_field(self) -> float:
        """Mean normal field on the interface [V/m], positive into the region.

        (D - P)/(eps0 eps_r) with the displacement D of Gauss's law: -charge/eps where the
        permittivity is constant.
        """
        return float(np.average(self._side.normal_field, weights=self._side.measure))

    @property
    def peak_field(self) -> float:
        """Largest |E| on the interface on this side [V/m], normal and tangential part.

        At edges and lines where three regions meet it may grow without limit on finer meshes.
        """
        return float(np.hypot(self._side.normal_field, self._side.tangential_field).max())

    @cached_property
    def planar_capacitance(self) -> Along:
        """Differential capacitance |dQ/d(potential drop)| of a planar layer with this drop [F/m2].

        |rho| sqrt(eps/(2 W)), W = -int rho dphi from bulk to interface: exact for a plane, single
        layer at rest, whatever the carriers. Curvature and overlap are not in it; the charge that a
        contact takes up in all is `Solution.static_response`.
        """
        side = self._side
        model = side.solution.model
        if core_polarization(side.material, model.discretized.scaling) is not None:
            reason = f"the permittivity of '{self.region}' depends on the field"
            return Along(None, None, 0.0, reason)
        if not side.material.carriers:
            return Along(None, None, 0.0, self._no_bulk)
        sites, number = np.unique(side.ends, return_inverse=True)
        bulk = side.solution.neutral_bulk.potential[sites]
        values = planar_capacitance(side.solution, self.region, sites, bulk)
        return side.mean(values[number].reshape(side.ends.shape), self._no_bulk)

    def depleted_share(self, carrier: str, below: float = 0.5) -> float:
        """Return the share of the interface on which a carrier is below a part of its bulk.

        Args:
            carrier: a carrier of the region.
            below: the part: site fraction over that of the bulk, above 0.

        Raises:
            InputError: no such carrier in the region, or a part that is not positive.
        """
        side = self._side
        names = [c.name for c in side.material.carriers]
        if carrier not in names:
            raise unknown_name("carrier", carrier, names, f"in region '{self.region}'")
        if not below > 0.0:
            raise InputError(f"below = {below} is no part of the bulk; give a number above 0")
        number = side.solution.model.carriers.index(carrier)
        bulk = side.solution.neutral_bulk.site_fraction[number, side.ends]
        ratio = side.solution.site_fraction(carrier)[side.ends] / bulk
        low, high = np.sort(ratio, axis=1).T
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(high > low, (below - low) / (high - low), low < below)
        return float(np.average(np.clip(part, 0.0, 1.0), weights=side.measure.sum(axis=1)))

    def _depth(self, number: int) -> Along:
        side = self._side
        if not side.material.carriers:
            return Along(None, None, 0.0, self._no_bulk)
        weakest = _WEAKEST * side.solution.model.discretized.scaling.potential
        if not (np.abs(side.bending) > weakest).any():
            return Along(None, None, 0.0, "there is no layer: the potential is that of the bulk")
        reason = "on most of the place another layer or the end of the region comes first"
        return side.mean(side.depths[number], reason, _MEASURED)

    @property
    def _no_bulk(self) -> str:
        if not self._side.material.carriers:
            return f"'{self.region}' has no carriers"
        return f"no potential makes the bulk of '{self.region}' neutral"
