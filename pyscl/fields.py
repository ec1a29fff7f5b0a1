"""Named fields of a solution in SI units: what each is and where it lives."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Avogadro, elementary_charge, epsilon_0

from pyscl.errors import unknown_name
from pyscl.polarization import bound_charge, polarization, region_surface

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_OF_CARRIERS = (
    "site_fraction",
    "concentration",
    "electrochemical_potential",
    "current_density",
)


@dataclass(frozen=True, eq=False)
class Field:
    """A named field.

    Attributes:
        name: e.g. "site_fraction_Li".
        unit: SI unit, e.g. "V/m"; "1" for pure numbers.
        location: "site" (a mesh node seen from one region) or "triangle".
        values: (n_sites,) or (n_triangles, 2) [`unit`]; NaN where the field does not exist.
    """

    name: str
    unit: str
    location: Literal["site", "triangle"]
    values: FloatArray


def field_names(model: "Model") -> tuple[str, ...]:
    """Return the names of all fields of a model's solutions."""
    per_carrier = [f"{quantity}_{c}" for c in model.carriers for quantity in _OF_CARRIERS]
    polar = any(m.polarization is not None for m in model.materials.values()) or bool(
        model.fixed_polarization
    )
    polarization = ("polarization", "displacement", "bound_charge_density") if polar else ()
    return ("potential", "electric_field", "charge_density", *polarization, *per_carrier)


def read_field(solution: "Solution", name: str) -> Field:
    """Return a field of a solution by name.

    Raises:
        InputError: there is no such field.
    """
    model, d = solution.model, solution.model.discretized
    names = field_names(model)
    if name not in names:
        raise unknown_name("field", name, names)
    if name == "potential":
        return Field(name, "V", "site", solution.unknowns[d.site_phi] * d.scaling.potential)
    if name == "electric_field":
        return Field(name, "V/m", "triangle", _electric_field(solution))
    if name == "charge_density":
        return Field(name, "C/m^3", "site", _charge_density(solution))
    if name == "polarization":
        return Field(name, "C/m^2", "triangle", _polarization(solution))
    if name == "displacement":
        return Field(name, "C/m^2", "triangle", displacement(solution))
    if name == "bound_charge_density":
        return Field(name, "C/m^3", "site", _bound_charge_density(solution))
    quantity = next(q for q in _OF_CARRIERS if name.startswith(q + "_"))
    carrier = name.removeprefix(quantity + "_")
    number = model.carriers.index(carrier)
    if quantity == "site_fraction":
        return Field(name, "1", "site", solution.site_fraction(carrier))
    if quantity == "concentration":
        density = solution.site_fraction(carrier) * site_density(model)[number]
        return Field(name, "mol/m^3", "site", density / Avogadro)
    if quantity == "electrochemical_potential":
        dofs = d.site_dofs[:, number]
        mu = np.where(dofs >= 0, solution.unknowns[dofs], np.nan) * d.scaling.potential
        return Field(name, "eV", "site", mu)
    flux = d.core.flux_density(number, solution.unknowns) * d.scaling.flux
    charge = solution.charge_number[number] * elementary_charge
    return Field(name, "A/m^2", "triangle", charge * flux)


def site_density(model: "Model") -> FloatArray:
    """Site density of every carrier on the sites [1/m3], (n_carriers, n_sites), or NaN."""
    names = model.mesh.region_names
    table = np.full((len(model.carriers), len(names)), np.nan)
    for r, region in enumerate(names):
        for carrier in model.materials[region].carriers:
            table[model.carriers.index(carrier.name), r] = carrier.site_density
    return np.asarray(table[:, model.discretized.site_region])


def _charge_density(solution: "Solution") -> FloatArray:
    """Space charge density on the sites [C/m3], (n_sites,)."""
    d, density = solution.model.discretized, site_density(solution.model)
    rho = d.background * d.scaling.charge_density
    for number, carrier in enumerate(solution.model.carriers):
        ions = np.nan_to_num(solution.site_fraction(carrier) * density[number])
        rho = rho + solution.charge_number[number] * elementary_charge * ions
    return rho


def _polarization(solution: "Solution") -> FloatArray:
    """Return P = D - eps0 E [C/m2], (n_triangles, 2), the linear part included."""
    return np.asarray(
        solution["displacement"].values - epsilon_0 * solution["electric_field"].values
    )


def displacement(solution: "Solution") -> FloatArray:
    """Return D = eps0 eps_r E + P(law) [C/m2], (n_triangles, 2)."""
    model = solution.model
    relative = np.array([model.materials[r].relative_permittivity for r in model.mesh.region_names])
    linear = epsilon_0 * relative[model.mesh.region, None] * solution["electric_field"].values
    return np.asarray(linear + polarization(model, solution.unknowns))


def _bound_charge_density(solution: "Solution") -> FloatArray:
    """Return -div P [C/m3] on the sites inside a region, and NaN on its boundary, (n_sites,).

    On a boundary it is a charge per area, see `Solution.interface`.
    """
    model, d = solution.model, solution.model.discretized
    charge = bound_charge(
        model, solution["polarization"].values, d.triangle_sites, len(d.site_node)
    )
    for region in range(len(model.mesh.region_names)):
        ends, _, _ = region_surface(model, d.triangle_sites, region)
        charge[ends.ravel()] = np.nan
    return np.asarray(charge / solution.site_volume)


def _electric_field(solution: "Solution") -> FloatArray:
    """Minus the gradient of the potential [V/m], (n_triangles, 2)."""
    mesh = solution.model.mesh
    p = mesh.points[mesh.triangles]
    phi = solution["potential"].values[solution.site_triangles]
    field = np.zeros((mesh.n_triangles, 2))
    for a in range(3):
        side = p[:, (a + 2) % 3] - p[:, (a + 1) % 3]
        gradient = np.column_stack([-side[:, 1], side[:, 0]]) / (2.0 * mesh.areas[:, None])
        field -= phi[:, a, None] * gradient
    return field
