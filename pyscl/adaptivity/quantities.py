"""Quantities whose error adaptive refinement reduces: values, derivatives, weights of balances.

All of them are sums of rows of the discrete balances, which is what makes them accurate: the
charge of a contact is the sum of Gauss's law over its nodes, the charge of a layer that over the
sites of its region on the interface, a current the sum of the balance of a carrier.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from pyscl import _core
from pyscl.boundaries import BlockingContact
from pyscl.errors import InputError, unknown_name
from pyscl.fields import site_density
from pyscl.model_checks import interface_key
from pyscl.polarization import bound_charge, shape_gradients, triangle_volume
from pyscl.postprocess.contacts import ContactDofs, contact_dofs
from pyscl.postprocess.gauss import site_stiffness
from pyscl.postprocess.interfaces import share_of_nodes

if TYPE_CHECKING:
    from scipy.sparse import csc_array

    from pyscl.model import Model
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_STEP = 1e-3  # of eta in the differences of site fractions [kT]; relative error 2e-7


@dataclass(frozen=True, eq=False)
class RowWeights:
    """A quantity to first order as a sum of balances, in scaled units.

    Attributes:
        sites: weight of Gauss's law of each site (n_sites,).
        dofs: weight of the balance of each dof of a mu (n_dofs,), 0 for phi.
    """

    sites: FloatArray
    dofs: FloatArray


class Quantity(ABC):
    """A number that follows from a sum of balances, the amount."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is, for tables."""

    @abstractmethod
    def unit(self, model: "Model") -> str:
        """Return the unit of its value."""

    @abstractmethod
    def amount(self, solution: "Solution") -> float:
        """Return the sum of balances [of charges or currents, see `unit`]."""

    @abstractmethod
    def gradient(self, solution: "Solution") -> FloatArray:
        """Return the derivative of the amount by all unknowns (n_dofs,), in scaled units."""

    @abstractmethod
    def weights(self, solution: "Solution") -> RowWeights:
        """Return the weights of the balances in the amount."""

    def convert(self, solution: "Solution", amount: float) -> float:
        """Return the value [`unit`] for an amount under the bias of the solution."""
        return amount

    def value(self, solution: "Solution") -> float:
        """Return the number."""
        return self.convert(solution, self.amount(solution))


@dataclass(frozen=True)
class ContactCharge(Quantity):
    """Charge on a contact, C/m (planar) or C (axisymmetric).

    Attributes:
        contact: its name.
    """

    contact: str

    @property
    def name(self) -> str:
        """What it is, for tables."""
        return f"charge of {self.contact}"

    def unit(self, model: "Model") -> str:
        """Return C/m or C."""
        return "C/m" if model.coordinates == "planar" else "C"

    def amount(self, solution: "Solution") -> float:
        """Return the charge [C/m or C]."""
        scaling = solution.model.discretized.scaling
        dofs = _open_contact(solution.model, self.contact)
        return dofs.charge(solution.rows) * scaling.charge

    def gradient(self, solution: "Solution") -> FloatArray:
        """Return its derivative by all unknowns (n_dofs,), these in scaled units."""
        d, dofs = solution.model.discretized, _open_contact(solution.model, self.contact)
        weight = np.zeros(d.n_dofs)
        np.add.at(weight, dofs.phi, dofs.phi_share * d.scaling.charge)
        return np.asarray(open_jacobian(solution).T @ weight)

    def weights(self, solution: "Solution") -> RowWeights:
        """Return its share in the sites of its nodes."""
        d, dofs = solution.model.discretized, _open_contact(solution.model, self.contact)
        share = np.zeros(d.n_dofs)
        share[dofs.phi] = dofs.phi_share * d.scaling.charge
        return RowWeights(share[d.site_phi], np.zeros(d.n_dofs))


@dataclass(frozen=True)
class ContactCurrent(Quantity):
    """Steady current into the model through a contact, A/m (planar) or A (axisymmetric).

    Attributes:
        contact: its name.
        carrier: the carrier; None for the sum of all.
    """

    contact: str
    carrier: str | None = None

    @property
    def name(self) -> str:
        """What it is, for tables."""
        return f"current of {self.carrier or 'all carriers'} through {self.contact}"

    def unit(self, model: "Model") -> str:
        """Return A/m or A."""
        return "A/m" if model.coordinates == "planar" else "A"

    def amount(self, solution: "Solution") -> float:
        """Return the current [A/m or A]."""
        return float(self.weights(solution).dofs @ solution.rows)

    def gradient(self, solution: "Solution") -> FloatArray:
        """Return its derivative by all unknowns (n_dofs,), these in scaled units."""
        return np.asarray(open_jacobian(solution).T @ self.weights(solution).dofs)

    def weights(self, solution: "Solution") -> RowWeights:
        """Return the charge of a carrier at the dofs that the contact holds."""
        model, d = solution.model, solution.model.discretized
        dofs = _open_contact(model, self.contact)
        if self.carrier is not None and self.carrier not in model.carriers:
            raise unknown_name("carrier", self.carrier, model.carriers)
        weight = np.zeros(d.n_dofs)
        for number, carrier in enumerate(model.carriers):
            if number in dofs.mu and self.carrier in (None, carrier):
                share = dofs.mu_share[number] * solution.charge_number[number]
                np.add.at(weight, dofs.mu[number], share * d.scaling.current)
        return RowWeights(np.zeros(len(d.site_node)), weight)


@dataclass(frozen=True)
class Resistance(Quantity):
    """Bias of a contact over the steady current through it, Ohm m (planar) or Ohm.

    Attributes:
        contact: its name; the other contacts have no bias.
    """

    contact: str

    @property
    def name(self) -> str:
        """What it is, for tables."""
        return f"resistance at {self.contact}"

    def unit(self, model: "Model") -> str:
        """Return Ohm m or Ohm."""
        return "Ohm m" if model.coordinates == "planar" else "Ohm"

    def amount(self, solution: "Solution") -> float:
        """Return the current [A/m or A]."""
        return ContactCurrent(self.contact).amount(solution)

    def gradient(self, solution: "Solution") -> FloatArray:
        """Return the derivative of the current by all unknowns (n_dofs,), these in scaled units."""
        return ContactCurrent(self.contact).gradient(solution)

    def weights(self, solution: "Solution") -> RowWeights:
        """Return those of the current."""
        return ContactCurrent(self.contact).weights(solution)

    def convert(self, solution: "Solution", amount: float) -> float:
        """Return the resistance [Ohm m or Ohm] for a current.

        Raises:
            InputError: the contact has no bias, or no current flows.
        """
        bias = solution.bias.get(self.contact, 0.0)
        if bias == 0.0:
            raise InputError(
                f"the resistance at contact '{self.contact}' needs a bias on it; solve with "
                f"steady(bias={{'{self.contact}': ...}})"
            )
        if amount == 0.0:
            raise InputError(f"no steady current flows through contact '{self.contact}'")
        return bias / amount


@dataclass(frozen=True)
class InterfaceCharge(Quantity):
    """Charge of the layer on one side of an interface per area [C/m2], as `SideResult.charge`.

    Attributes:
        interface: "a|b" in any order.
        region: the region of the layer.
    """

    interface: str
    region: str

    @property
    def name(self) -> str:
        """What it is, for tables."""
        return f"charge of {self.region} at {interface_key(self.interface)}"

    def unit(self, model: "Model") -> str:
        """Return C/m2."""
        return "C/m^2"

    def amount(self, solution: "Solution") -> float:
        """Return the charge per area [C/m2]."""
        scale = solution.model.discretized.scaling.charge
        return float(self.weights(solution).sites @ solution.gauss_rows / scale)

    def gradient(self, solution: "Solution") -> FloatArray:
        """Return its derivative by all unknowns (n_dofs,), these in scaled units."""
        model, d = solution.model, solution.model.discretized
        weight = self.weights(solution).sites / d.scaling.charge
        slope = np.zeros(d.n_dofs)
        displaced = site_stiffness(model) @ weight * d.scaling.potential
        np.add.at(slope, d.site_phi, displaced)
        density = elementary_charge * site_density(model)
        for number, charge in enumerate(solution.charge_number):
            response = _occupancy_slope(solution, number) * density[number] * charge
            term = np.nan_to_num(weight * solution.site_volume * response)
            np.add.at(slope, d.site_phi, charge * term)
            there = d.site_dofs[:, number] >= 0
            np.subtract.at(slope, d.site_dofs[there, number], term[there])
        return slope - _bound_slope(solution, weight)

    def weights(self, solution: "Solution") -> RowWeights:
        """Return the share of the interface in the sites of the region."""
        model, d = solution.model, solution.model.discretized
        key = interface_key(self.interface)
        if key not in model.mesh.interfaces:
            raise unknown_name("interface", self.interface, model.mesh.interfaces)
        if self.region not in key.split("|"):
            raise unknown_name("region", self.region, key.split("|"), f"at interface '{key}'")
        nodes, measure, fraction = share_of_nodes(model, key, self.region)
        of_node = np.zeros(model.mesh.n_points)
        of_node[nodes] = -fraction / measure * d.scaling.charge
        inside = d.site_region == model.mesh.region_names.index(self.region)
        return RowWeights(np.where(inside, of_node[d.site_node], 0.0), np.zeros(d.n_dofs))


def _bound_slope(solution: "Solution", weight: FloatArray) -> FloatArray:
    """Return the derivative of a sum of the bound charges of the sites by the unknowns (n_dofs,).

    Args:
        solution: the state.
        weight: of the bound charge [C/m] or [C] of each site, (n_sites,).
    """
    model, d = solution.model, solution.model.discretized
    slope = np.zeros(d.n_dofs)
    unit, sites = d.scaling.surface_charge, d.triangle_sites
    along = (weight[sites].T[:, :, None] * shape_gradients(model)).sum(axis=0)
    moment = unit * triangle_volume(model)[:, None] * along
    for corner in range(3):  # crystals whose P is an unknown are planar: each corner has a third
        first = d.site_polar[sites[:, corner]]
        polar = first >= 0
        for component in range(2):
            np.add.at(slope, first[polar] + component, moment[polar, component] / 3.0)
    # dP/dE is symmetric, so that the response to the weights as potentials is what is wanted
    for region in np.unique(d.site_region[weight != 0.0]):
        potential = np.zeros(d.n_dofs)
        inside = d.site_region == region
        potential[d.site_phi[inside]] = weight[inside]
        response = unit * _core.polarization_change(d.core, solution.unknowns, potential)
        response[model.mesh.region != region] = 0.0
        charge = bound_charge(model, response, sites, len(d.site_node))
        np.add.at(slope, d.site_phi, charge)
    return slope


def open_jacobian(solution: "Solution") -> "csc_array":
    """Return the derivative of all balances (n_dofs, n_dofs), without any constraint."""
    from scipy.sparse import csc_array

    d = solution.model.discretized
    free = _core.Constraints(
        d.core,
        np.empty(0, np.int32),
        np.empty(0),
        np.empty((0, 2), np.int32),
        np.empty(0),
        np.empty(0),
    )
    assembly = _core.Assembly(d.core, free, [], [], _core.Balance.steady)
    _, values, rows, starts = assembly.residual_and_jacobian(solution.unknowns)
    order = _core_order(free, d.n_dofs)
    matrix = csc_array((values, rows, starts), shape=(d.n_dofs, d.n_dofs))
    return csc_array(matrix[order][:, order])


def _core_order(free: _core.Constraints, n: int) -> NDArray[np.int32]:
    """Return the number of the free unknown of each dof; without constraints a permutation."""
    order = free.free_of_dof
    assert len(order) == n
    assert free.n_free == n
    return order


def _open_contact(model: "Model", name: str) -> ContactDofs:
    """Return what a contact holds.

    Raises:
        InputError: there is no such contact, or its charge is given.
    """
    if name not in model.contacts:
        raise unknown_name("contact", name, model.contacts)
    if isinstance(model.contacts[name], BlockingContact):
        raise InputError(f"contact '{name}' is blocking: its charge is given, no current flows")
    return contact_dofs(model, name)


def _occupancy_slope(solution: "Solution", carrier: int) -> FloatArray:
    """Return d(site fraction)/d(mu) of a carrier on the sites (n_sites,) [1/kT]."""
    d = solution.model.discretized
    shift = np.where(d.core.dof_carrier == carrier, _STEP, 0.0)
    above, below = (
        d.core.site_fractions(carrier, solution.unknowns + sign * shift)[0] for sign in (1.0, -1.0)
    )
    return np.asarray((above - below)[: len(d.site_node)] / (2.0 * _STEP))
