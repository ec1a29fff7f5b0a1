"""The arrays behind the layer on one side of an interface or contact: geometry and fields."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import epsilon_0

from pyscl.facets import facet_measure, facet_sites, sides_at
from pyscl.polarization import core_polarization, polarization
from pyscl.postprocess.along import Along
from pyscl.postprocess.borders import border_measures
from pyscl.postprocess.planar import PlanarLayer, planar_layer
from pyscl.postprocess.profiles import decay_depths
from pyscl.postprocess.surfaces import surface_density
from pyscl.postprocess.zones import distance_to, facets_beside, zone

if TYPE_CHECKING:
    from pyscl.materials import Material
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_ROUNDING = 1e-9  # relative, of a length

WEAKEST = 1e-6
"""Smallest potential against the bulk that counts as a layer [kT/e]."""


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
        depths[:, ~self.bent.all(axis=1)] = np.nan
        return depths

    @property
    def bent(self) -> NDArray[np.bool_]:
        """Whether there is a layer: the potential is not that of the bulk, (k, 2)."""
        weakest = WEAKEST * self.solution.model.discretized.scaling.potential
        return np.abs(self.bending) > weakest

    @cached_property
    def unfinished(self) -> float:
        """Share of the layer along which the potential does not fall to 1/e, 0 without layer."""
        bent, measure = self.bent.all(axis=1), self.measure.sum(axis=1)
        if not bent.any():
            return 0.0
        return float(np.average(np.isnan(self.depths[0, bent]), weights=measure[bent]))

    @cached_property
    def planar(self) -> PlanarLayer | None:
        """The plane layer by itself with the same potential, arrays (k, 2); None if there is none.

        The permittivity of its region must not depend on the field.
        """
        law = core_polarization(self.material, self.solution.model.discretized.scaling)
        if law is not None or not self.material.carriers:
            return None
        sites, number = np.unique(self.ends, return_inverse=True)
        number = number.reshape(self.ends.shape)
        bulk = self.solution.neutral_bulk.potential[sites]
        layer = planar_layer(self.solution, self.region, sites, bulk)
        return PlanarLayer(layer.charge[number], layer.capacitance[number])

    @cached_property
    def over_planar(self) -> float | None:
        """Mean |charge| over that of plane layers by themselves [1]; None without layer."""
        if self.planar is None or not self.bent.any():
            return None
        whole = float((self.planar.charge * self.measure).sum())
        found = float((np.abs(self.displacement) * self.measure).sum())
        return found / whole if np.isfinite(whole) and whole > 0.0 else None

    def is_thinner_than(self, width: float) -> bool:
        """Whether no point of the region is a width [m] away from the place."""
        own = zone(self.solution.model, self.place, self.region).distance
        return width > own.max(initial=0.0) and width > self.thickness

    @cached_property
    def thickness(self) -> float:
        """Distance of the farthest point of the region from the place [m], rounded up."""
        model = self.solution.model
        nodes = np.unique(model.mesh.triangles[model.mesh.regions_of(self.region)])
        away = distance_to(model.mesh.points, self.facets, model.mesh.points[nodes])
        return float(away.max()) * (1.0 + _ROUNDING)

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
