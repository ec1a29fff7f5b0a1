"""Free energy of a state, by its kinds and by region.

At fixed voltages and reservoirs it is

    F = sum of the regions (Landau + gradient + surface of crystals + field + carriers)
        - sum of the contacts V Q - sum of the reservoirs mu N,

whose stationary points are the equilibria, and which falls on every way to them. The field holds
int E . dD per volume: eps0 eps_r E^2/2 and what the law of polarization adds to it. All sums are
those of the discrete equations, so that both statements hold on any mesh.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import epsilon_0

from pyscl import _core
from pyscl.errors import InputError
from pyscl.materials import Material
from pyscl.materials.polarization import Anisotropic, Hysteresis, Johnson, Langevin
from pyscl.polarization import triangle_volume
from pyscl.postprocess.contacts import contact_dofs
from pyscl.postprocess.mixing import mixing_energy

if TYPE_CHECKING:
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_SMALL = 1e-3  # of what series replace closed forms that cancel


@dataclass(frozen=True)
class RegionEnergy:
    """The free energy inside a region, or inside a thin layer at an interface or contact.

    Energies are in the unit of the `EnergyBalance`.

    Attributes:
        landau: of the polarization of a ferroelectric.
        gradient: of the gradients of this polarization.
        surface: of this polarization at boundaries with an extrapolation length.
        electric: of the field, int E . dD; without the part of a hysteresis.
        mixing: of the carriers: standard potentials, mixing entropy and interaction, without their
            electric potential.
    """

    landau: float = 0.0
    gradient: float = 0.0
    surface: float = 0.0
    electric: float = 0.0
    mixing: float = 0.0

    @property
    def total(self) -> float:
        """The sum of all parts."""
        return self.landau + self.gradient + self.surface + self.electric + self.mixing


@dataclass(frozen=True)
class EnergyBalance:
    """The free energy [`unit`] of a state at fixed voltages and reservoirs.

    Attributes:
        regions: region, or interface or contact with a coating or compact layer -> its energy.
        work: -sum V Q over the contacts that hold a potential, and over the jumps of periodic
            sides; the energy of the sources that hold the voltages.
        exchange: -sum mu N over the parts of carriers that reservoirs feed.
        unit: "J/m" (planar) or "J".
        open: why there is no free energy that falls towards rest, or "".
    """

    regions: dict[str, RegionEnergy]
    work: float
    exchange: float
    unit: str
    open: str = ""

    @property
    def landau(self) -> float:
        """Energy of the polarization of ferroelectrics [`unit`]."""
        return self._sum("landau")

    @property
    def gradient(self) -> float:
        """Energy of the gradients of the polarization [`unit`]."""
        return self._sum("gradient")

    @property
    def surface(self) -> float:
        """Energy of the polarization at surfaces with an extrapolation length [`unit`]."""
        return self._sum("surface")

    @property
    def electric(self) -> float:
        """Energy of the electric field, int E . dD [`unit`]."""
        return self._sum("electric")

    @property
    def mixing(self) -> float:
        """Energy of the carriers on their sites [`unit`]."""
        return self._sum("mixing")

    @property
    def total(self) -> float:
        """The free energy [`unit`] at fixed voltages and reservoirs.

        It never rises in time while they are fixed, and changes by -Q dV from one equilibrium to
        another.

        Raises:
            InputError: there is no such energy: a hysteresis, whose work depends on the path, or
                reservoirs that drive a current.
        """
        if self.open:
            raise InputError(f"no total free energy: {self.open}; its parts are there")
        return sum(r.total for r in self.regions.values()) + self.work + self.exchange

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with the unit in the keys; the total is left out where none is."""
        parts = {f"work [{self.unit}]": self.work, f"exchange [{self.unit}]": self.exchange}
        if not self.open:
            parts[f"total [{self.unit}]"] = self.total
        inside = {
            name: {f"{key} [{self.unit}]": value for key, value in asdict(energy).items()}
            for name, energy in self.regions.items()
        }
        return {**parts, "regions": inside}

    def _sum(self, part: str) -> float:
        return float(sum(getattr(energy, part) for energy in self.regions.values()))


def energy_balance(solution: "Solution") -> EnergyBalance:
    """Evaluate the free energy of a state; see `Solution.energy`."""
    model, d = solution.model, solution.model.discretized
    unit = d.scaling.potential * d.scaling.charge  # kT c0 times volume [J/m] or [J]
    names = [*model.mesh.region_names, *d.thin_layer_places]
    landau, gradient, surface = _core.landau_energy(d.core, solution.unknowns)
    parts = {
        "landau": _filled(landau, names) * unit,
        "gradient": _filled(gradient, names) * unit,
        "surface": _filled(surface, names) * unit,
        "electric": _linear_field(solution, len(names)) * unit + _laws(solution, len(names)),
        "mixing": _carriers(solution, len(names)) * unit,
    }
    regions: dict[str, RegionEnergy] = {}
    for number, name in enumerate(names):
        energy = RegionEnergy(**{part: float(values[number]) for part, values in parts.items()})
        if name in regions:  # a contact with layers in several regions
            both = asdict(regions[name])
            energy = RegionEnergy(**{k: v + both[k] for k, v in asdict(energy).items()})
        regions[name] = energy
    exchange, driven = _exchange(solution)
    return EnergyBalance(
        regions=regions,
        work=_work(solution) * unit,
        exchange=exchange * unit,
        unit="J" if d.scaling.axisymmetric else "J/m",
        open=_without_state_function(solution) or driven,
    )


def _filled(values: FloatArray, names: list[str]) -> FloatArray:
    """Return values of regions, with zeros for those that are missing."""
    return np.concatenate([values, np.zeros(len(names) - len(values))])


def _without_state_function(solution: "Solution") -> str:
    """Return which region has a work that depends on its path, or nothing."""
    for region, material in solution.model.materials.items():
        if isinstance(material.polarization, Hysteresis):
            return (
                f"the work on the hysteresis of region '{region}' depends on the path of the field"
            )
    return ""


def _linear_field(solution: "Solution", n_regions: int) -> FloatArray:
    """Return eps0 eps_r E^2/2 by region and layer, scaled."""
    core = solution.model.discretized.core
    phi = solution.unknowns[core.site_phi]
    energy = np.zeros(n_regions)
    for region in range(n_regions):
        edges, weight = core.edges(region)
        if len(edges):
            square = (phi[edges[:, 0]] - phi[edges[:, 1]]) ** 2
            energy[region] = 0.5 * core.permittivity(region) * float(weight @ square)
    return energy


def _laws(solution: "Solution", n_regions: int) -> FloatArray:
    """Return what the laws of polarization add to the field energy by region [J/m] or [J]."""
    model = solution.model
    volume, axis = triangle_volume(model), model.discretized.axes
    energy = np.zeros(n_regions)
    for number, region in enumerate(model.mesh.region_names):
        density = _density(model.materials[region])
        if density is None:
            continue
        here = model.mesh.region == number
        field, along = solution["electric_field"].values[here], axis[here]
        first = (field * along).sum(axis=1)
        second = along[:, 0] * field[:, 1] - along[:, 1] * field[:, 0]
        energy[number] = float(volume[here] @ density(np.stack([first, second])))
    return energy


def _density(material: Material) -> Callable[[FloatArray], FloatArray] | None:
    """Return the map from E along the crystal axes (2, k) to E . P - int P . dE [J/m3]."""
    match material.polarization:
        case Anisotropic(along=along, across=across):
            excess = 0.5 * (along - across) * epsilon_0
            return lambda e: 0.5 * excess * (e[0] ** 2 - e[1] ** 2)
        case Johnson() as johnson:
            return lambda e: johnson_energy(johnson, np.hypot(*e))
        case Langevin() as langevin:
            return lambda e: langevin_energy(langevin, np.hypot(*e))
    return None


def johnson_energy(law: Johnson, field: FloatArray) -> FloatArray:
    """Return E P - int P dE of what Johnson's law has beyond its linear part [J/m3].

    Args:
        law: the law.
        field: its magnitude [V/m], (k,).
    """
    eps = epsilon_0 * law.relative_permittivity
    q = 3.0 * law.coefficient * eps**3 * field**2
    safe = np.maximum(q, _SMALL)
    # int_0^E P dE over eps E^2
    work = np.where(
        q < _SMALL,
        q * (-1.0 / 12.0 + q * (1.0 / 27.0 - q * 7.0 / 324.0)),
        0.75 * np.expm1(np.log1p(safe) / 1.5) / safe - 0.5,
    )
    return np.asarray(eps * field**2 * (np.expm1(-np.log1p(q) / 3.0) - work))


def langevin_energy(law: Langevin, field: FloatArray) -> FloatArray:
    """Return E P - int P dE of what the dipoles have beyond their linear part [J/m3].

    Args:
        law: the law.
        field: its magnitude [V/m], (k,).
    """
    chi = law.zero_field_permittivity - law.background_permittivity
    x = 3.0 * chi * epsilon_0 * field / law.saturation
    square, safe = x**2, np.maximum(x, 0.1)
    # ln(sinh(x)/x) - x^2/6
    work = np.where(
        x < 0.1,
        square**2 * (-1.0 / 180.0 + square * (1.0 / 2835.0 - square / 37800.0)),
        safe + np.log1p(-np.exp(-2.0 * safe)) - np.log(2.0 * safe) - safe**2 / 6.0,
    )
    density = law.saturation**2 / (3.0 * chi * epsilon_0)
    return np.asarray(field * law.excess(field) - density * work)


def _carriers(solution: "Solution", n_regions: int) -> FloatArray:
    """Return the energy of the carriers on their sites by region and layer, scaled."""
    model, d = solution.model, solution.model.discretized
    core, u = d.core, solution.unknowns
    phi = u[core.site_phi]
    materials = [*(model.materials[r] for r in model.mesh.region_names), *d.layers]
    energy = np.zeros(n_regions)
    for number, name in enumerate(model.carriers):
        occupied, vacant = core.site_fractions(number, u)
        dofs = core.site_dofs[:, number]
        for region, material in enumerate(materials):
            found = [c for c in material.carriers if c.name == name] if material else []
            here = np.flatnonzero((core.site_region == region) & (dofs >= 0))
            if not found or not len(here):
                continue
            carrier = found[0]
            level = carrier.standard_potential / d.scaling.potential
            eta = u[dofs[here]] - carrier.charge * phi[here] - level
            y, v = occupied[here], vacant[here]
            density = mixing_energy(carrier.statistics, model.temperature, eta, y, v) + level * y
            sites = core.site_volume[here] * (carrier.site_density / d.scaling.density)
            energy[region] += float(sites @ density)
    return energy


def _work(solution: "Solution") -> float:
    """Return -sum V Q over everything that holds a potential, scaled."""
    model, u = solution.model, solution.unknowns
    work = 0.0
    for name in model.discretized.terminals:
        dofs = contact_dofs(model, name)
        work -= float((solution.rows[dofs.phi] * dofs.phi_share) @ u[dofs.phi])
    for pair in model.periodic:
        if pair.potential_jump != 0.0:
            charge = contact_dofs(model, pair.sides[1]).charge(solution.rows)
            work -= charge * pair.potential_jump / model.discretized.scaling.potential
    return work


def _exchange(solution: "Solution") -> tuple[float, str]:
    """Return -sum mu N over the parts that reservoirs feed, scaled, and what drives a current."""
    model, d = solution.model, solution.model.discretized
    core, conditions = d.core, model.conditions
    shift = conditions.contacts.shift(solution.bias)
    total = 0.0
    for component in conditions.components:
        carrier = model.carriers[component.carrier]
        if not component.has_one_level(shift):
            drivers = ", ".join(f"'{name}'" for name in component.reservoirs)
            return 0.0, f"the reservoirs {drivers} drive a current of '{carrier}'"
        for pair in model.periodic:
            crossing = d.dofs_at(component.carrier, np.unique(model.mesh.facets_of(pair.sides[0])))
            if pair.potential_jump != 0.0 and np.isin(crossing, component.dofs).any():
                sides = "' and '".join(pair.sides)
                return 0.0, f"the jump between '{sides}' drives a current of '{carrier}'"
        if not component.reservoirs:
            continue
        name, level = next(iter(component.reservoirs.items()))
        level += shift.get(name, 0.0)
        occupied, _ = core.site_fractions(component.carrier, solution.unknowns)
        here = np.isin(core.site_dofs[:, component.carrier], component.dofs)
        ions = occupied[here] * core.site_volume[here] * _site_density(solution, carrier)[here]
        total -= level * float(ions.sum())
    return total, ""


def _site_density(solution: "Solution", carrier: str) -> FloatArray:
    """Return the scaled site density of a carrier on the sites of the core, 0 where absent."""
    model, d = solution.model, solution.model.discretized
    materials = [*(model.materials[r] for r in model.mesh.region_names), *d.layers]
    density = [
        sum(c.site_density for c in m.carriers if c.name == carrier) if m else 0.0
        for m in materials
    ]
    return np.array(density)[d.core.site_region] / d.scaling.density
