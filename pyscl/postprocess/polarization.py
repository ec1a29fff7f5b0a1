"""Polarization of a region: mean, domains, bound charge, depolarization, and what screens it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl import _core
from pyscl.errors import InputError, unknown_name
from pyscl.facets import facet_measure, sides_at
from pyscl.materials.polarization import Hysteresis, Landau, Langevin
from pyscl.polarization import bound_charge, crystal_surface, shape_gradients, triangle_volume
from pyscl.postprocess.interfaces import entering_displacement
from pyscl.postprocess.surfaces import surface_density, total_polarization
from pyscl.thin_interfaces import ELECTRIC

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

VARIANTS = ("+axis1", "-axis1", "+axis2", "-axis2")
"""Names of the domains whose polarization is nearest to an axis of their grain."""

WEAK = 0.2
"""Share of the polarization scale below which a place belongs to no domain."""


@dataclass(frozen=True)
class SurfaceCharge:
    """Bound charge P . n on an interface or outer side, n out of the region.

    Attributes:
        total: [C/m] of depth (planar) or [C] (axisymmetric).
        measure: length [m] or area [m2].
        mean: total over measure [C/m2].
        positive: part of the mean from facets with a positive charge [C/m2].
        negative: part from the others [C/m2], at most 0; both add up to the mean.
    """

    total: float
    measure: float
    mean: float
    positive: float
    negative: float


@dataclass(frozen=True, eq=False)
class PolarizationResult:
    """The polarization P = D - eps0 E of a region; means are over its area or volume.

    In axisymmetric coordinates components are along r and z.

    Attributes:
        solution: the state.
        region: name of the region.
        polarization: P of its triangles [C/m2], (k, 2).
        volume: their areas [m2] (planar) or volumes [m3], (k,).
        axis: unit vector of crystal axis 1 in its triangles, (k, 2).
        scale: what |P| is compared with [C/m2]: the spontaneous polarization of a ferroelectric,
            the saturation of a hysteresis or of dipoles, the largest fixed polarization, otherwise
            the largest |P| of the region.
        unit: "C/m" or "C", of charges.
    """

    solution: "Solution" = field(repr=False)
    region: str
    polarization: FloatArray = field(repr=False)
    volume: FloatArray = field(repr=False)
    axis: FloatArray = field(repr=False)
    scale: float
    unit: str

    # The vector.

    @property
    def mean(self) -> FloatArray:
        """Mean P [C/m2], (2,)."""
        return self._mean(self.polarization)

    @property
    def magnitude(self) -> float:
        """|mean P| [C/m2]."""
        return float(np.hypot(*self.mean))

    @property
    def angle(self) -> float:
        """Direction of the mean P against x or r [deg], -180 to 180; 0 where the mean is 0."""
        return float(np.degrees(np.arctan2(self.mean[1], self.mean[0])))

    @property
    def along_axis(self) -> float:
        """Mean of P along crystal axis 1 of each grain [C/m2]."""
        return float(self._mean((self.polarization * self.axis).sum(axis=1)))

    @property
    def spread(self) -> float:
        """Root mean square of |P - mean P| [C/m2]."""
        return float(np.sqrt(self._mean(((self.polarization - self.mean) ** 2).sum(axis=1))))

    # Domains.

    @property
    def domain_fraction(self) -> dict[str, float]:
        """Share of the region in which P points within 45 deg of +-axis 1 or 2 of the grain.

        "weak": where |P| < 0.2 of `scale`. The shares add up to 1.
        """
        first = (self.polarization * self.axis).sum(axis=1)
        second = self.axis[:, 0] * self.polarization[:, 1]
        second -= self.axis[:, 1] * self.polarization[:, 0]
        along = np.abs(first) >= np.abs(second)
        variant = np.where(along, np.where(first > 0.0, 0, 1), np.where(second > 0.0, 2, 3))
        variant[self._weak] = len(VARIANTS)
        share = np.bincount(variant, self.volume, len(VARIANTS) + 1) / self.volume.sum()
        return dict(zip((*VARIANTS, "weak"), map(float, share), strict=True))

    def switched_fraction(self, reference: "Solution") -> float:
        """Return the share of what was polarized in a reference whose P has turned by over 90 deg.

        Places that are weak now have not switched; those weak in the reference do not count.

        Args:
            reference: a state on the same mesh.

        Raises:
            InputError: another mesh, or a reference without polarization in the region.
        """
        mesh, other = self.solution.model.mesh, reference.model.mesh
        same = (
            np.array_equal(mesh.points, other.points)
            and np.array_equal(mesh.triangles, other.triangles)
            and np.array_equal(mesh.region, other.region)
            and mesh.region_names == other.region_names
        )
        if not same:
            raise InputError(
                "the reference lives on another mesh, so that places cannot be compared; take a "
                "state of the same mesh, or compare along_axis"
            )
        before = reference.polarization_of(self.region)
        polarized = ~before._weak
        if not polarized.any():
            raise InputError(
                f"region '{self.region}' has no polarization in the reference that could switch; "
                "take a poled state"
            )
        opposite = (self.polarization * before.polarization).sum(axis=1) < 0.0
        switched = polarized & opposite & ~self._weak
        return float(self.volume[switched].sum() / self.volume[polarized].sum())

    # Charges.

    @property
    def bound_charge(self) -> float:
        """Charge of -div P inside the region, in `unit`: minus all of its bound surface charge.

        A step of P between a periodic side and its copy, or a mirror and its image, is inside.
        """
        return float(self._inner_charge.sum())

    @property
    def bound_charge_parts(self) -> tuple[float, float]:
        """Bound charge [C/m or C] inside the region where it is positive, and where negative."""
        charge = self._inner_charge
        return float(charge[charge > 0.0].sum()), float(charge[charge < 0.0].sum())

    @property
    def places(self) -> tuple[str, ...]:
        """The interfaces "a|b" and outer sides on which the region ends.

        Periodic sides and sides without a contact, which are mirrors, are not among them.
        """
        model = self.solution.model
        inner = [name for name in model.mesh.interfaces if self.region in name.split("|")]
        sides = [n for n in model.mesh.facet_names if n in self._outer_sides]
        return (*inner, *sides)

    def surface_charge(self, place: str) -> SurfaceCharge:
        """Return the bound charge on an interface "a|b", in any order, or on an outer side.

        Raises:
            InputError: the region does not touch such a place.
        """
        key = "|".join(sorted(part.strip() for part in place.split("|")))
        if key not in self.places:
            raise unknown_name("place", place, self.places, f"at region '{self.region}'")
        mesh = self.solution.model.mesh
        facets = mesh.interfaces[key] if "|" in key else self._outer_sides[key]
        sides = sides_at(mesh, facets, self.region)
        density, measure = surface_density(self.solution, self._everywhere, sides)
        total, whole = float(density @ measure), float(measure.sum())
        positive = float(density.clip(min=0.0) @ measure) / whole
        return SurfaceCharge(total, whole, total / whole, positive, total / whole - positive)

    @property
    def screening_charge(self) -> dict[str, float]:
        """Charge that each adjoining region or contact holds in answer, in `unit`.

        In a region it is the charge on which the displacement ends that enters it through the
        common interface, as `SideResult.charge`; through a region without carriers it passes on.
        Nodes where several of them meet are divided by facet length.
        """
        model = self.solution.model
        held: dict[str, float] = {}
        for place in self.places:
            if "|" in place:
                (other,) = set(place.split("|")) - {self.region}
                charge = -entering_displacement(self.solution, place, other)
                held[other] = held.get(other, 0.0) + charge
            elif place in model.discretized.terminals:
                held[place] = entering_displacement(self.solution, place, self.region)
        return held

    # Fields.

    @property
    def field(self) -> FloatArray:
        """Mean electric field [V/m], (2,)."""
        return self._mean(self._electric_field)

    @property
    def applied_field(self) -> FloatArray:
        """Mean field of the voltages alone [V/m], (2,).

        It is the field of the contacts' potentials (and of jumps between periodic sides) in the
        same model with its linear permittivities and without any charge or polarization law: 0 if
        all contacts are at one potential, or hold none.
        """
        return self._mean(self._applied)

    @property
    def depolarization_field(self) -> float:
        """Mean of the field without the applied field along P [V/m], negative if it opposes P.

        The mean is weighted with |P|, so that opposite domains do not cancel. It is the field of
        all charges, bound and free: what is left after screening.
        """
        size = np.hypot(*self.polarization.T) * self.volume
        if not size.any():
            return 0.0
        along = ((self._electric_field - self._applied) * self.polarization).sum(axis=1)
        return float((along * self.volume).sum() / size.sum())

    @property
    def polarization_potential(self) -> float:
        """Highest minus lowest potential of the region [V]."""
        number = self.solution.model.mesh.region_names.index(self.region)
        phi = self.solution["potential"].values[self.solution.site_region == number]
        return float(np.ptp(phi))

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with units in the keys."""
        surfaces = {place: self.surface_charge(place) for place in self.places}
        positive, negative = self.bound_charge_parts
        return {
            "mean [C/m^2]": self.mean.tolist(),
            "angle [deg]": self.angle,
            "along axis [C/m^2]": self.along_axis,
            "spread [C/m^2]": self.spread,
            "domains": self.domain_fraction,
            f"bound charge [{self.unit}]": self.bound_charge,
            f"positive bound charge [{self.unit}]": positive,
            f"negative bound charge [{self.unit}]": negative,
            "surfaces": {
                place: {
                    "bound charge [C/m^2]": s.mean,
                    "positive [C/m^2]": s.positive,
                    "negative [C/m^2]": s.negative,
                }
                for place, s in surfaces.items()
            },
            f"screening charge [{self.unit}]": self.screening_charge,
            "field [V/m]": self.field.tolist(),
            "applied field [V/m]": self.applied_field.tolist(),
            "depolarization field [V/m]": self.depolarization_field,
            "polarization potential [V]": self.polarization_potential,
        }

    def _mean(self, values: FloatArray) -> FloatArray:
        return np.asarray(self.volume @ values / self.volume.sum())

    @property
    def _weak(self) -> NDArray[np.bool_]:
        size = np.hypot(*self.polarization.T)
        return np.asarray((size < WEAK * self.scale) | (size == 0.0))

    @property
    def _inside(self) -> NDArray[np.bool_]:
        return self.solution.model.mesh.regions_of(self.region)

    @property
    def _everywhere(self) -> FloatArray:
        """P of this region on all triangles, 0 elsewhere (m, 2)."""
        values = np.zeros((self.solution.model.mesh.n_triangles, 2))
        values[self._inside] = self.polarization
        return values

    @property
    def _electric_field(self) -> FloatArray:
        return np.asarray(self.solution["electric_field"].values[self._inside])

    @cached_property
    def _applied(self) -> FloatArray:
        return applied_field(self.solution)[self._inside]

    @cached_property
    def _outer_sides(self) -> dict[str, NDArray[np.int32]]:
        """Outer sides on which the crystal of the region ends -> their facets on it (k, 2)."""
        mesh = self.solution.model.mesh
        surface = mesh.edges.of_side[_surface_sides(self.solution.model, self.region)]
        outer = surface[mesh.edges.count[surface] == 1]
        found = {}
        for name in mesh.facet_names:
            facets = mesh.facets_of(name)
            here = np.isin(mesh.edges.find(facets), outer)
            if facet_measure(self.solution.model, facets[here]).sum() > 0.0:  # not the axis
                found[name] = facets[here]
        return found

    @cached_property
    def _inner_charge(self) -> FloatArray:
        """Bound charge of the places inside without that of the surface (k,), in `unit`."""
        model, sites = self.solution.model, self.solution.site_triangles
        values = self._everywhere
        charge = bound_charge(model, values, sites, len(self.solution.site_region))
        sides = _surface_sides(model, self.region)
        density, _ = surface_density(self.solution, values, sides)
        share = facet_measure(model, model.mesh.edges.sides[sides]) * density[:, None]
        for end in range(2):
            np.subtract.at(charge, sites[sides // 3, (sides + end) % 3], share[:, end])
        inside = self.solution.site_region == model.mesh.region_names.index(self.region)
        place = _places_of_sites(model, inside)
        return np.bincount(place, charge).astype(float, copy=False)


def polarization_result(solution: "Solution", region: str) -> PolarizationResult:
    """Evaluate the polarization of a region; see `Solution.polarization_of`."""
    model = solution.model
    if region not in model.mesh.region_names:
        raise unknown_name("region", region, model.mesh.region_names)
    here = model.mesh.regions_of(region)
    p = total_polarization(solution)[here]
    return PolarizationResult(
        solution=solution,
        region=region,
        polarization=p,
        volume=triangle_volume(model)[here],
        axis=model.discretized.axes[here],
        scale=_scale(model, region, p),
        unit="C" if model.coordinates == "axisymmetric" else "C/m",
    )


def applied_field(solution: "Solution") -> FloatArray:
    """Return the field of the potentials of the contacts alone [V/m], (n_triangles, 2).

    See `PolarizationResult.applied_field`.
    """
    from scipy.sparse import coo_array, csc_array
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import splu

    model = solution.model
    d = model.discretized
    core, u = d.core, solution.unknowns
    constraints = model.conditions.steady_map(solution.bias)
    free, n = constraints.free_of_dof, constraints.n_free
    offset = constraints.expand(np.zeros(n))
    electric = core.dof_carrier == ELECTRIC
    value = np.where(electric, np.where(free < 0, u, offset), 0.0)  # held as in the state
    value[electric & (free < 0)] -= _reference(core, u, free)
    rows, columns, entries = [], [], []
    for region in range(core.n_regions):
        edges, weight = core.edges(region)
        i, j = core.site_phi[edges].reshape(-1, 2).T
        k = weight * core.permittivity(region)
        rows += [i, i, j, j]
        columns += [i, j, j, i]
        entries += [k, -k, k, -k]
    triplets = np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))
    stiffness = coo_array(triplets, shape=(len(u), len(u))).tocsr()
    unknown = np.flatnonzero(electric & (free >= 0))
    lift = coo_array((np.ones(len(unknown)), (unknown, free[unknown])), shape=(len(u), n)).tocsc()
    reduced = csc_array(lift.T @ stiffness @ lift)
    load = -lift.T @ (stiffness @ value)
    # parts that no contact reaches stay without a field
    held = np.zeros(n, dtype=bool)
    to_held = lift.T @ stiffness[:, np.flatnonzero(electric & (free < 0))]
    held[abs(to_held).sum(axis=1) > 0.0] = True
    _, part = connected_components(reduced, directed=False)
    reached = np.isin(part, np.unique(part[held])) & (reduced.diagonal() > 0.0)
    phi = np.zeros(n)
    if reached.any() and load[reached].any():
        inner = csc_array(reduced[reached][:, reached])
        phi[reached] = splu(inner).solve(load[reached])
    potential = value.copy()
    potential[unknown] += phi[free[unknown]]
    corners = potential[d.site_phi[d.triangle_sites]] * d.scaling.potential
    return np.asarray(-(corners.T[:, :, None] * shape_gradients(model)).sum(axis=0))


def _reference(core: _core.Discretization, u: FloatArray, free: NDArray[np.int32]) -> float:
    """Return one of the potentials that are held, scaled, so that equal ones give exactly 0."""
    held = core.site_phi[free[core.site_phi] < 0]
    return float(u[held[0]]) if len(held) else 0.0


def _scale(model: "Model", region: str, polarization: FloatArray) -> float:
    """Return the polarization that counts as full in a region [C/m2]."""
    law = model.materials[region].polarization
    match law:
        case Landau():
            return float(law.scale(model.temperature))
        case Hysteresis() | Langevin():
            return float(law.saturation)
    fixed = model.discretized.fixed_polarization[model.mesh.regions_of(region)]
    return float(np.hypot(*fixed.T).max() or np.hypot(*polarization.T).max())


def _surface_sides(model: "Model", region: str) -> IntArray:
    """Return the sides of triangles of a region on the surface of its crystal, side numbers (k,).

    See `crystal_surface`: periodic sides and mirrors are no surface.
    """
    mesh, number = model.mesh, model.mesh.region_names.index(region)
    _, nodes, _ = crystal_surface(model, model.discretized.triangle_sites, number)
    sides = (3 * np.flatnonzero(mesh.region == number)[:, None] + np.arange(3)).ravel()
    return sides[np.isin(mesh.edges.of_side[sides], mesh.edges.find(nodes))]


def _places_of_sites(model: "Model", inside: NDArray[np.bool_]) -> IntArray:
    """Return a number per site (n_sites,), the same for those that periodic sides lay together.

    Args:
        model: the model.
        inside: which sites are looked at, of one region (n_sites,).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    from pyscl.mesh.parts import joined_nodes

    mesh, n = model.mesh, len(inside)
    site = np.full(mesh.n_points, -1)
    site[model.discretized.site_node[inside]] = np.flatnonzero(inside)
    pairs = [site[joined_nodes(mesh, pair.sides)[0]] for pair in model.periodic]
    ends = np.concatenate([np.empty((0, 2), np.intp), *pairs])
    first, second = ends[(ends >= 0).all(axis=1)].T
    graph = coo_array((np.ones(len(first)), (first, second)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.intp)
