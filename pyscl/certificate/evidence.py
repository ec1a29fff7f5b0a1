"""The state of a model read a second time: fields, charges and fluxes by plain numpy.

Only the values of the unknowns and the list that tells where each one lives come from the solver;
geometry, occupation, displacement and fluxes are evaluated here again from their formulas.
"""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge, epsilon_0

from pyscl.carriers import transport_coefficient
from pyscl.certificate import occupation
from pyscl.materials import Carrier, Hysteresis, Landau, Material
from pyscl.polarization import polarization

if TYPE_CHECKING:
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

_EDGES = ((1, 2), (2, 0), (0, 1))  # local edge e lies opposite of corner e


class Geometry:
    """Volumes and gradients of the triangles of a model.

    Attributes:
        gradients: of the barycentric coordinates [1/m], (m, 3, 2).
        volume: of the triangles [m2] (planar) or [m3] (axisymmetric), (m,).
        corner_volume: share of each corner in it, (m, 3).
        edge_weight: -volume grad N_a . grad N_b of the edges opposite of the corners, (m, 3).
    """

    def __init__(self, points: FloatArray, triangles: IntArray, axisymmetric: bool) -> None:
        """Evaluate for points [m] (n, 2) and triangles (m, 3)."""
        p = points[triangles]
        ahead, behind = np.roll(p, -1, axis=1), np.roll(p, -2, axis=1)
        first, second = p[:, 1] - p[:, 0], p[:, 2] - p[:, 0]
        twice = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
        across = ahead - behind
        self.area = 0.5 * twice
        self.gradients = np.stack([across[..., 1], -across[..., 0]], axis=-1) / twice[:, None, None]
        if axisymmetric:
            r = p[..., 0]
            self.volume = 2.0 * np.pi * r.mean(axis=1) * self.area
            self.corner_volume = (
                2.0 * np.pi * self.area[:, None] * (r.sum(axis=1)[:, None] + r) / 12.0
            )
        else:
            self.volume = self.area
            self.corner_volume = np.repeat(self.area[:, None] / 3.0, 3, axis=1)
        g = self.gradients
        self.edge_weight = np.stack(
            [-self.volume * (g[:, a] * g[:, b]).sum(axis=1) for a, b in _EDGES], axis=1
        )


class Evidence:
    """What a state says, read independently of how it was solved.

    Attributes:
        solution: the state.
        model: its model.
        geometry: of its triangles.
        kt: thermal voltage kT/e [V], also kT [eV].
    """

    def __init__(self, solution: "Solution") -> None:
        """Prepare for a state whose unknowns are finite."""
        self.solution = solution
        self.model = solution.model
        mesh = self.model.mesh
        self.geometry = Geometry(
            mesh.points, mesh.triangles, self.model.coordinates == "axisymmetric"
        )
        self.kt = Boltzmann * self.model.temperature / elementary_charge
        self._d = self.model.discretized
        self.sites: IntArray = self._d.triangle_sites
        self.n_sites = len(self._d.site_node)
        self._fractions: dict[str, tuple[FloatArray, FloatArray]] = {}
        self._currents: dict[str, tuple[FloatArray, FloatArray]] = {}
        self._sites: dict[str, NDArray[np.intp]] = {}

    @cached_property
    def volts(self) -> FloatArray:
        """All potentials, phi [V] and mu [eV], by unknown, (n_dofs,)."""
        return np.asarray(self.solution.unknowns * self._d.scaling.potential)

    @cached_property
    def phi(self) -> FloatArray:
        """Electric potential on the sites [V], (n_sites,)."""
        return np.asarray(self.volts[self._d.site_phi[: self.n_sites]])

    def mu(self, carrier: str) -> FloatArray:
        """Return the electrochemical potential on the sites [eV], (n_sites,), NaN where absent."""
        dofs = self.mu_dofs(carrier)
        return np.where(dofs >= 0, self.volts[dofs], np.nan)

    def mu_dofs(self, carrier: str) -> IntArray:
        """Return the unknown of mu on the sites (n_sites,), -1 where the carrier is absent."""
        number = self.model.carriers.index(carrier)
        return np.asarray(self._d.site_dofs[: self.n_sites, number])

    def sites_in(self, region: str) -> NDArray[np.intp]:
        """Return the sites of a region, from the triangles of the mesh."""
        if region not in self._sites:
            corners = self.sites[self.model.mesh.regions_of(region)]
            self._sites[region] = np.unique(corners).astype(np.intp)
        return self._sites[region]

    def carriers_in(self, region: str) -> tuple[Carrier, ...]:
        """Return the carriers of a region."""
        return tuple(self.model.materials[region].carriers)

    @cached_property
    def volume(self) -> FloatArray:
        """Share of the sites in the area [m2] or volume [m3], (n_sites,)."""
        share = self.geometry.corner_volume.ravel()
        return np.bincount(self.sites.ravel(), share, self.n_sites).astype(np.float64)

    def occupied(self, carrier: str) -> tuple[FloatArray, FloatArray]:
        """Return occupied and vacant share on the sites (n_sites,), NaN where absent."""
        if carrier not in self._fractions:
            y, v = np.full(self.n_sites, np.nan), np.full(self.n_sites, np.nan)
            for region in self.model.regions_with(carrier):
                its = self.model.materials[region].carrier(carrier)
                here = self.sites_in(region)
                ideal = occupation.fraction(its, self.eta(its, here))
                if ideal is None:  # checked by the inverse of its law
                    ideal = (
                        self.solution.site_fraction(carrier)[here],
                        self.solution.vacant_fraction(carrier)[here],
                    )
                y[here], v[here] = ideal
            self._fractions[carrier] = (y, v)
        return self._fractions[carrier]

    def eta(self, carrier: Carrier, sites: NDArray[np.intp]) -> FloatArray:
        """Return (mu - mu0 - z e phi)/kT of a carrier on some sites."""
        mu, phi = self.mu(carrier.name)[sites], self.phi[sites]
        return np.asarray((mu - carrier.standard_potential - carrier.charge * phi) / self.kt)

    @cached_property
    def fixed_density(self) -> FloatArray:
        """Fixed charge on the sites [C/m3], (n_sites,)."""
        density = np.zeros(self.n_sites)
        for region, material in self.model.materials.items():
            here = self.sites_in(region)
            field = self.model.background.get(region)
            nodes = self._d.site_node[here]
            density[here] = material.fixed_charge if field is None else field[nodes]
        return density

    @cached_property
    def site_charge(self) -> FloatArray:
        """Space charge of the sites [C/m] or [C], (n_sites,)."""
        return np.asarray(self.volume * (self.fixed_density + self._mobile(signed=True)))

    @cached_property
    def gross_charge(self) -> FloatArray:
        """Sum of the magnitudes of all charges of the sites [C/m] or [C], (n_sites,)."""
        mobile = self._mobile(signed=False)
        return np.asarray(self.volume * (np.abs(self.fixed_density) + mobile))

    def _mobile(self, *, signed: bool) -> FloatArray:
        density = np.zeros(self.n_sites)
        for region in self.model.mesh.region_names:
            here = self.sites_in(region)
            for its in self.carriers_in(region):
                z = its.charge if signed else abs(its.charge)
                density[here] += (
                    z * elementary_charge * its.site_density * self.occupied(its.name)[0][here]
                )
        return density

    @cached_property
    def screening(self) -> FloatArray:
        """-d(charge density)/d(phi) on the sites [C/(V m3)], (n_sites,)."""
        density = np.zeros(self.n_sites)
        for region in self.model.mesh.region_names:
            here = self.sites_in(region)
            for its in self.carriers_in(region):
                y, v = (share[here] for share in self.occupied(its.name))
                response = occupation.slope(its, self.model.temperature, y, v)
                density[here] += (
                    its.charge**2 * elementary_charge * its.site_density * response / self.kt
                )
        return density

    @cached_property
    def permittivity(self) -> FloatArray:
        """Linear permittivity of the triangles [F/m], (m,)."""
        names = self.model.mesh.region_names
        relative = np.array([self.model.materials[r].relative_permittivity for r in names])
        return np.asarray(epsilon_0 * relative[self.model.mesh.region])

    @cached_property
    def field(self) -> FloatArray:
        """Electric field of the triangles [V/m], (m, 2)."""
        return -np.einsum("ta,tac->tc", self.phi[self.sites], self.geometry.gradients)

    @cached_property
    def displacement(self) -> FloatArray:
        """D = eps E + P [C/m2] of the triangles, (m, 2)."""
        beyond = polarization(self.model, self.solution.unknowns)
        return np.asarray(self.permittivity[:, None] * self.field + beyond)

    @cached_property
    def leaving(self) -> FloatArray:
        """Displacement that leaves each corner's cell inside its triangle [C/m] or [C], (m, 3)."""
        along = np.einsum("tc,tac->ta", self.displacement, self.geometry.gradients)
        return np.asarray(-self.geometry.volume[:, None] * along)

    @cached_property
    def stiffness(self) -> FloatArray:
        """Size of the derivative of `leaving` by the potential of its corner [C/(m V)], (m, 3)."""
        square = (self.geometry.gradients**2).sum(axis=2)
        return np.asarray(self.geometry.volume[:, None] * square * self.permittivity[:, None])

    @cached_property
    def polar_scale(self) -> FloatArray:
        """Size of what polarization can send out of each corner's cell [C/m] or [C], (m, 3).

        It counts where the polarization itself is nearly zero.
        """
        names, temperature = self.model.mesh.region_names, self.model.temperature
        scale = np.zeros(len(names))
        for number, name in enumerate(names):
            law = self.model.materials[name].polarization
            if isinstance(law, Landau):
                scale[number] = law.polynomial(temperature).scale()
            elif isinstance(law, Hysteresis):
                scale[number] = law.saturation
        fixed = np.hypot(*self._d.fixed_polarization.T)
        size = np.maximum(scale[self.model.mesh.region], fixed)
        length = np.sqrt((self.geometry.gradients**2).sum(axis=2))
        return np.asarray((self.geometry.volume * size)[:, None] * length)

    def edge_currents(self, carrier: str) -> tuple[FloatArray, FloatArray]:
        """Return electric current along the edges of all triangles, and what one kT would drive.

        Edge e of a triangle runs from its corner e + 1 to e + 2.

        Returns:
            (m, 3) [A/m] or [A], 0 where the carrier is absent; the second is positive.
        """
        if carrier not in self._currents:
            self._currents[carrier] = self._edge_currents(carrier)
        return self._currents[carrier]

    def _edge_currents(self, carrier: str) -> tuple[FloatArray, FloatArray]:
        mesh, g = self.model.mesh, self.geometry
        current, scale = np.zeros((mesh.n_triangles, 3)), np.zeros((mesh.n_triangles, 3))
        mu = self.mu(carrier)
        y, v = self.occupied(carrier)
        for region in self.model.regions_with(carrier):
            its = self.model.materials[region].carrier(carrier)
            here = mesh.regions_of(region)
            for e, (a, b) in enumerate(_EDGES):
                i, j = self.sites[here, a], self.sites[here, b]
                flow, size = fitted_current(its, self.model.temperature, mu, y, v, i, j)
                current[here, e] = g.edge_weight[here, e] * flow
                scale[here, e] = np.abs(g.edge_weight[here, e]) * size
        return current, scale

    def edge_ends(self) -> tuple[IntArray, IntArray]:
        """Return the sites at both ends of the edges of `edge_currents`, (m, 3) each."""
        first = np.stack([self.sites[:, a] for a, _ in _EDGES], axis=1)
        second = np.stack([self.sites[:, b] for _, b in _EDGES], axis=1)
        return first, second

    def layer_charge(
        self, material: Material, phi: FloatArray, mu: dict[str, FloatArray]
    ) -> FloatArray:
        """Return the charge density [C/m3] of a material at given potentials [V], [eV], (n,)."""
        density = np.full(len(phi), material.fixed_charge)
        for its in material.carriers:
            eta = (mu[its.name] - its.standard_potential - its.charge * phi) / self.kt
            y, _ = occupation_of(its, self.model.temperature, eta)
            density += its.charge * elementary_charge * its.site_density * y
        return density


def occupation_of(
    carrier: Carrier, temperature: float, eta: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return occupied and vacant share at eta (n,); by the core where there is no closed form."""
    from pyscl import _core
    from pyscl.carriers import core_statistics

    ideal = occupation.fraction(carrier, eta)
    if ideal is not None:
        return ideal
    y, v, _ = _core.occupancy(core_statistics(carrier.statistics, temperature), eta)
    return y, v


def fitted_current(
    carrier: Carrier,
    temperature: float,
    mu: FloatArray,
    occupied: FloatArray,
    vacant: FloatArray,
    i: NDArray[np.intp] | IntArray,
    j: NDArray[np.intp] | IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the electric current from i to j for the edge weight 1, and what one kT would drive.

    Exponentially fitted (D. L. Scharfetter, H. K. Gummel, IEEE Trans. Electron Devices 16 (1969)
    64): B(X) y_i (1 - y_j) - B(-X) y_j (1 - y_i) with X the jump of mu less that of the activity,
    written with the difference of mu so that nothing cancels.

    Args:
        carrier: the carrier.
        temperature: [K].
        mu: [eV], (n,).
        occupied: y, (n,).
        vacant: 1 - y, 1 without a limit of the sites, (n,).
        i: where the edges begin, (k,).
        j: where they end, (k,).
    """
    kt = Boltzmann * temperature / elementary_charge
    unit = (
        carrier.charge
        * elementary_charge
        * carrier.site_density
        * transport_coefficient(carrier, temperature)
    )
    jump = (mu[j] - mu[i]) / kt
    if carrier.mobility == "constant-conductivity":
        return -unit * jump, np.full(len(jump), abs(unit))
    with np.errstate(divide="ignore"):
        activity = np.log(occupied)
        room = np.ones_like(occupied)
        if carrier.mobility == "vacancy":
            activity, room = activity - np.log(vacant), vacant
    drift = jump - (activity[j] - activity[i])
    down = jump <= 0.0
    size = np.where(
        down,
        bernoulli(drift) * occupied[i] * room[j],
        bernoulli(-drift) * occupied[j] * room[i],
    )
    share = np.where(down, -np.expm1(np.minimum(jump, 0.0)), np.expm1(-np.maximum(jump, 0.0)))
    return unit * size * share, abs(unit) * size


def bernoulli(x: FloatArray) -> FloatArray:
    """Return x / (exp(x) - 1) [1]."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        value = np.where(np.abs(x) < 1e-9, 1.0 - 0.5 * x, x / np.expm1(x))
    return np.asarray(np.where(x > 700.0, 0.0, value))
