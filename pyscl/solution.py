"""`Solution`: the fields and integrals of a solved model, with names and SI units."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import InputError, unknown_name
from pyscl.fields import Field, field_names, read_field
from pyscl.materials import Hysteresis, Landau
from pyscl.polarization import POLAR, bound_charge, polarization

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.postprocess.contacts import ContactResult
    from pyscl.postprocess.cut import Cut
    from pyscl.postprocess.energy import EnergyBalance
    from pyscl.postprocess.interfaces import InterfaceResult
    from pyscl.postprocess.layer_resistance import LayerResistance
    from pyscl.postprocess.neutral import NeutralBulk
    from pyscl.postprocess.polarization import PolarizationResult
    from pyscl.postprocess.quantities import Quantity
    from pyscl.spectrum import Spectrum
    from pyscl.study.impedance import SpectrumOptions
    from pyscl.study.newton import NewtonHistory
    from pyscl.study.static_response import StaticResponse

FloatArray = NDArray[np.float64]
Kind = Literal["equilibrium", "steady", "transient"]


class Solution:
    """A solved state of a model.

    Densities jump at interfaces, so fields live on *sites*: mesh nodes seen from one region.
    `site_points` and `site_triangles` are the mesh of the sites, in which every region has its
    own copy of the nodes on its interfaces.

    Attributes:
        model: the model.
        kind: "equilibrium", "steady" or "transient".
        bias: contact -> applied voltage [V].
        history: what the solver did.
        time: of a state of a transient [s], else None.
    """

    def __init__(
        self,
        model: "Model",
        unknowns: FloatArray,
        *,
        kind: Kind,
        bias: Mapping[str, float],
        history: "NewtonHistory",
        time: float | None = None,
        rates: FloatArray | None = None,
    ) -> None:
        """Wrap the unknowns (n_dofs,) of the core: phi in kT/e on nodes, then mu in kT.

        `rates` (n_dofs,) is what enters at every dof in a transient, see `Solution.rates`.
        """
        self.model = model
        self.unknowns = unknowns
        self.kind: Kind = kind
        self.bias = dict(bias)
        self.history = history
        self.time = time
        self._rates = rates
        self._fields: dict[str, Field] = {}
        self._filling: dict[int, tuple[FloatArray, FloatArray]] = {}
        if not np.isfinite(unknowns).all():
            raise InputError("the state holds values that are not finite")

    def __repr__(self) -> str:
        return (
            f"Solution({self.kind}, {len(self.history.iterations)} Newton iterations, fields: "
            f"{', '.join(self.field_names)})"
        )

    # Fields.

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of all fields."""
        return field_names(self.model)

    def __getitem__(self, name: str) -> Field:
        """Return a field by name; it is computed once.

        Raises:
            InputError: there is no such field.
        """
        if name not in self._fields:
            self._fields[name] = read_field(self, name)
        return self._fields[name]

    @property
    def potential(self) -> FloatArray:
        """Electric potential [V] on the mesh nodes, (n_points,).

        Where it jumps this is the side of the first region; the field "potential" has both.
        """
        return self.unknowns[: self._d.n_nodes] * self._d.scaling.potential

    def site_fraction(self, carrier: str) -> FloatArray:
        """Return c / site density of a carrier [1], (n_sites,); NaN where it is absent."""
        return self._fractions(carrier)[0]

    def vacant_fraction(self, carrier: str) -> FloatArray:
        """Return the share of empty sites (n_sites,), accurate also when it is tiny.

        1 for statistics without a limit on the sites.
        """
        return self._fractions(carrier)[1]

    @property
    def site_points(self) -> FloatArray:
        """Coordinates of the sites [m], (n_sites, 2)."""
        return self.model.mesh.points[self._d.site_node]

    @property
    def site_triangles(self) -> NDArray[np.int32]:
        """Triangles in site numbers, (m, 3)."""
        return self._d.triangle_sites

    @property
    def site_region(self) -> NDArray[np.int32]:
        """Region of each site, an index into `model.mesh.region_names`."""
        return self._d.site_region

    @property
    def site_volume(self) -> FloatArray:
        """Share of every site in the area [m2] (planar) or volume [m3] (axisymmetric)."""
        return self._d.site_volume * self._d.scaling.volume

    # Integrals.

    def amount(self, carrier: str, region: str | None = None) -> float:
        """Return the moles of a carrier [mol/m] (planar) or [mol] (axisymmetric), without coatings.

        Args:
            carrier: the carrier.
            region: restrict to one region; default: everywhere.
        """
        concentration = np.nan_to_num(self[f"concentration_{carrier}"].values)
        return float((concentration * self.site_volume)[self._in(region)].sum())

    def charge(self, region: str | None = None) -> float:
        """Return the space charge [C/m] (planar) or [C] (axisymmetric), without surface charge."""
        return float((self["charge_density"].values * self.site_volume)[self._in(region)].sum())

    def contact(self, name: str) -> "ContactResult":
        """Return currents and charge of a contact or a periodic side.

        Raises:
            InputError: there is no such facet group.
        """
        from pyscl.postprocess.contacts import contact_result

        return contact_result(self, name)

    def interface(self, name: str) -> "InterfaceResult":
        """Return potential, charge, drops, widths and more of the layers at an interface.

        Args:
            name: "a|b" in any order. The result has the regions in the order of the alphabet
                whichever is given: its name, its sides, and its potential drop, which is the bulk
                of the second minus that of the first.

        Raises:
            InputError: there is no such interface.
        """
        from pyscl.postprocess.interfaces import interface_result

        return interface_result(self, name)

    def layer_resistance(self, place: str) -> "LayerResistance":
        """Return what the space charge layers at an interface or contact add to the bulk.

        Args:
            place: interface "a|b" in any order, or a contact.

        Raises:
            InputError: there is no such place.
        """
        from pyscl.postprocess.layer_resistance import layer_resistance

        return layer_resistance(self, place)

    def polarization_of(self, region: str) -> "PolarizationResult":
        """Return polarization, domains, bound and screening charge of a region.

        Raises:
            InputError: there is no such region.
        """
        from pyscl.postprocess.polarization import polarization_result

        return polarization_result(self, region)

    def energy(self) -> "EnergyBalance":
        """Return the free energy of this state at fixed voltages, by its kinds and by region."""
        from pyscl.postprocess.energy import energy_balance

        return energy_balance(self)

    def quantities(self) -> "list[Quantity]":
        """Return all named quantities of this state in one flat table, units in it.

        `pandas.DataFrame(solution.quantities())` has the columns place, side, name, value, unit,
        definition, spread, note; `pyscl.postprocess.quantities.write_csv` writes them.
        """
        from pyscl.postprocess.quantities import solution_quantities

        return solution_quantities(self)

    def cut(self, start: tuple[float, float], end: tuple[float, float], points: int = 200) -> "Cut":
        """Return all fields along a straight line; see `pyscl.postprocess.cut.Cut`.

        Args:
            start: first point (x, y) [m].
            end: last point (x, y) [m].
            points: number of samples.
        """
        from pyscl.postprocess.cut import cut

        return cut(self, start, end, points)

    def impedance(
        self,
        frequencies: "ArrayLike | Sequence[str] | None" = None,
        *,
        contact: str | None = None,
        reference: str | None = None,
        open_contacts: Sequence[str] | str = (),
        options: "SpectrumOptions | None" = None,
    ) -> "Spectrum":
        """Compute the impedance of this state: its response to a small alternating voltage.

        The equations in time are linearised exactly around the state, with or without direct
        current.

        Args:
            frequencies: [Hz] or texts with a unit: an array is taken as it is, between the ends
                of a tuple of two they are chosen until the spectrum is resolved; None: from the
                dielectric relaxation down to where only a resistance or a capacitance is left.
            contact: where the voltage is applied; None: the first of two contacts.
            reference: the contact its voltage is measured against; None: all others.
            open_contacts: contacts without alternating current; the others keep their voltage.
                A reference that is open is a probe (three-electrode measurement).
            options: sampling and parallel work.

        Raises:
            InputError: an unknown contact or one without voltage, a frequency that is not
                positive, a state that did not converge or still drifts, no path for the current.
        """
        from pyscl.study.impedance import impedance

        return impedance(
            self,
            frequencies,
            contact=contact,
            reference=reference,
            open_contacts=open_contacts,
            options=options,
        )

    def static_response(
        self,
        contact: str | None = None,
        *,
        reference: str | None = None,
        open_contacts: Sequence[str] = (),
    ) -> "StaticResponse":
        """Return dQ/dV and dI/dV of a contact: how a steady state follows a slow change.

        The exact limit of ever slower changes, which a central difference of steady states
        approaches.

        Args:
            contact: where the voltage changes; None: the first of two contacts.
            reference: the contact its voltage is measured against; None: all others.
            open_contacts: contacts without current; the others keep their voltage.

        Raises:
            InputError: an unknown contact or one without voltage, a state that did not converge or
                is not steady, a carrier that cannot move, or a response that is lost in rounding.
        """
        from pyscl.study.static_response import static_response

        return static_response(self, contact, reference=reference, open_contacts=open_contacts)

    # Files.

    def save(self, path: str | PathLike[str]) -> None:
        """Write the complete solution (model, mesh, state, fields) to an HDF5 file."""
        from pyscl.storage import save

        save(self, path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Solution":
        """Read a solution written by `save`.

        Raises:
            InputError: the file is not a solution of pyscl, or damaged.
        """
        from pyscl.storage import load

        return load(path)

    def write_vtu(self, path: str | PathLike[str]) -> None:
        """Write all fields to a VTU file for ParaView; interfaces have one node per region."""
        from pyscl.storage import write_vtu

        write_vtu(self, path)

    # Support for studies.

    def unknowns_for(self, model: "Model") -> FloatArray:
        """Return this state as a start for another model on the same mesh.

        Potentials are taken over; so are polarization and memory, unless the model or this state
        has none: then they begin at zero.

        Raises:
            InputError: the model has other unknowns.
        """
        if model is self.model:
            return self.unknowns.copy()
        other = model.discretized
        own, wanted = self._d.core.dof_carrier, other.core.dof_carrier
        taken, given = own > POLAR, wanted > POLAR
        same = (
            other.n_nodes == self._d.n_nodes
            and np.array_equal(other.site_dofs, self._d.site_dofs)
            and np.array_equal(own[taken], wanted[given])
        )
        if not same:
            raise InputError(
                "the start solution has other unknowns than the model; start from a solution with "
                "the same mesh and the same carriers in every region"
            )
        before, after = _unknown_polarizations(self.model), _unknown_polarizations(model)
        if before and after and before != after:
            raise InputError(
                "the start solution has other unknowns of the polarization than the model: "
                f"{_listed(before)}, but {_listed(after)} in the model; start from a solution with "
                "the same laws landau and hysteresis in every region, or without any"
            )
        mine, its = self._d.scaling, other.scaling
        unknowns = np.zeros(other.n_dofs)
        if before == after:
            taken, given = np.ones_like(taken), np.ones_like(given)
        unknowns[given] = self.unknowns[taken] * (mine.potential / its.potential)
        if before == after:
            polar = wanted == POLAR
            unknowns[polar] = self.unknowns[polar] * (mine.surface_charge / its.surface_charge)
        return unknowns

    @cached_property
    def gauss_rows(self) -> FloatArray:
        """Charge that each site sees leave through its region's border (n_sites,), [C/m] or [C].

        Discrete Gauss law of the region alone: displacement out of the site minus its charge;
        zero inside the region, and on an interface the displacement that enters the region there.
        """
        from pyscl.postprocess.gauss import site_stiffness

        model, d = self.model, self._d
        leaving = site_stiffness(model) @ self["potential"].values
        bound = bound_charge(
            model, polarization(model, self.unknowns), d.triangle_sites, len(d.site_node)
        )
        return np.asarray(leaving - bound - self.site_volume * self["charge_density"].values)

    @cached_property
    def neutral_bulk(self) -> "NeutralBulk":
        """Every site as it would be far from all layers, with its electrochemical potentials.

        `potential` [V] and `site_fraction` [1]; the reference of potential drops and excesses.
        """
        from pyscl.postprocess.neutral import neutral_bulk

        return neutral_bulk(self)

    @property
    def _d(self):  # type: ignore[no-untyped-def]
        return self.model.discretized

    @cached_property
    def rows(self) -> FloatArray:
        """Rows of Gauss's law and of the outflow of carriers (n_dofs,), in scaled units."""
        conditions = self.model.conditions
        if self.kind == "transient":  # only the charges are wanted; the rest is in `rates`
            return conditions.at_rest.rows(self.unknowns)
        return conditions.steady(self.bias).rows(self.unknowns)

    @cached_property
    def rates(self) -> FloatArray:
        """What enters at every dof per time (n_dofs,), in scaled units; 0 where nothing is held.

        Charge for phi, the carrier for mu. In a steady state no charge enters.
        """
        if self._rates is not None:
            return self._rates
        return np.where(self._d.core.dof_carrier < 0, 0.0, self.rows)

    @cached_property
    def charge_number(self) -> FloatArray:
        """Charge number of every carrier, (n_carriers,)."""
        charges = {
            c.name: float(c.charge) for m in self.model.materials.values() for c in m.carriers
        }
        return np.array([charges[name] for name in self.model.carriers])

    def _fractions(self, carrier: str) -> tuple[FloatArray, FloatArray]:
        """Return the occupied and the empty share of the sites, each (n_sites,); read-only."""
        number = self._number(carrier)
        if number not in self._filling:
            n = len(self._d.site_node)
            found = self._d.core.site_fractions(number, self.unknowns)
            for array in found:
                array.flags.writeable = False
            self._filling[number] = found[0][:n], found[1][:n]
        return self._filling[number]

    def _number(self, carrier: str) -> int:
        if carrier not in self.model.carriers:
            raise unknown_name("carrier", carrier, self.model.carriers)
        return self.model.carriers.index(carrier)

    def _in(self, region: str | None) -> NDArray[np.bool_]:
        if region is None:
            return np.ones(len(self._d.site_node), dtype=bool)
        names = self.model.mesh.region_names
        if region not in names:
            raise unknown_name("region", region, names)
        return self._d.site_region == names.index(region)


def _unknown_polarizations(model: "Model") -> dict[str, str]:
    """Return the regions with unknowns of the polarization, and what these are."""
    found = {}
    for region, material in model.materials.items():
        match material.polarization:
            case Landau():
                found[region] = "landau"
            case Hysteresis(cells=cells):
                found[region] = f"hysteresis with {cells} cell{'s' if cells > 1 else ''}"
    return found


def _listed(laws: dict[str, str]) -> str:
    return ", ".join(f"{law} in '{region}'" for region, law in laws.items())
