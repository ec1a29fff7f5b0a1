"""`Model`: regions, interfaces and contacts by name, and the calculations on them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl import model_checks as checks
from pyscl.boundaries import (
    Conserved,
    ContactLaw,
    FloatingConductor,
    Interface,
    Periodic,
    ReservoirContact,
)
from pyscl.errors import InputError, unknown_name
from pyscl.materials import Material, Provenance, apply_pairs
from pyscl.materials.offsets import choose
from pyscl.mesh import Mesh, check
from pyscl.units import parse

if TYPE_CHECKING:
    from os import PathLike

    from pyscl.discretize import Discretized
    from pyscl.loops import PolarizationLoop
    from pyscl.polar_states import PolarStart
    from pyscl.protocol import Protocol
    from pyscl.solution import Solution
    from pyscl.study.arrhenius import ArrheniusResult
    from pyscl.study.constraints import BoundaryConditions
    from pyscl.study.mott_schottky import MottSchottky
    from pyscl.study.newton import SolverOptions
    from pyscl.study.permittivity import PermittivitySweep
    from pyscl.study.transference import Transference
    from pyscl.study.transient import TransientOptions
    from pyscl.trajectory import Trajectory

Coordinates = Literal["planar", "axisymmetric"]
NodalField = NDArray[np.float64] | Callable[[NDArray[np.float64], NDArray[np.float64]], object]
FacetField = NodalField
PlanarField = ArrayLike | Callable[[NDArray[np.float64], NDArray[np.float64]], object]


class Model:
    """A mesh with physics: materials in its regions, laws at its interfaces and contacts.

    Everything is checked here, before any work starts. A `UserWarning` tells of Landau coefficients
    at a temperature or strain they are not meant for.

    Attributes:
        mesh: the mesh [m].
        materials: region name -> `Material`, moved to the levels that the pairs ask for.
        pairs: the pairs of materials whose steps set those levels.
        interfaces: "a|b" (names sorted) -> `Interface`, for the interfaces that are not plain
            equilibrium contacts.
        contacts: facet group -> contact law.
        conserved: closed amounts of carriers.
        periodic: pairs of sides that are the same line.
        floating: regions that are equipotentials with a given charge.
        temperature: [K].
        coordinates: "planar" (x, y; integrals per metre of depth) or "axisymmetric" (r, z).
        carriers: names of all carriers, sorted.
    """

    def __init__(
        self,
        mesh: Mesh,
        materials: Mapping[str, Material | str],
        *,
        contacts: Mapping[str, ContactLaw] | None = None,
        interfaces: Mapping[str, Interface] | None = None,
        conserved: Sequence[Conserved] = (),
        periodic: Sequence[Periodic] = (),
        floating: Sequence[FloatingConductor] = (),
        background: Mapping[str, NodalField] | None = None,
        fixed_polarization: Mapping[str, PlanarField] | None = None,
        contact_share: Mapping[str, FacetField] | None = None,
        temperature: float | str = 298.15,
        coordinates: Coordinates = "planar",
        pairs: Sequence[Any] = (),
    ) -> None:
        """Check and store the parts of the model.

        Args:
            mesh: the mesh [m].
            materials: a `Material`, or the name of a material card, for every region.
            contacts: laws on outer facet groups; other sides are symmetric (nothing crosses).
            interfaces: laws between two regions, by "a|b" in any order.
            conserved: carriers whose amount is held in parts without a reservoir.
            periodic: pairs of sides.
            floating: regions that are equipotentials with a given charge.
            background: fixed charge [C/m3] of a region as a field, instead of the constant of its
                material: values on all mesh nodes (n_points,), or a function of x and y [m].
            fixed_polarization: polarization [C/m2] of a region that does not depend on the field,
                such as that of a given strain or strain gradient, beside the law of its material:
                a vector, also of texts with units, values of its triangles (k, 2), or a function
                of x and y [m] of their centroids that returns both components. `pyscl.polar_fields`
                has those of a strain.
            contact_share: share of each facet of an interface that is in contact, 0 to 1, times
                the `contact_share` of its law: values on its facets (k,), or a function of the
                x and y [m] of their midpoints. Carriers in equilibrium need 0 or 1.
            temperature: [K] or a text with a unit.
            coordinates: "planar" or "axisymmetric" (x is the radius, the mesh lies in x >= 0).
            pairs: pairs of materials ("LiCoO2|Li6PS5Cl"), whose steps are the built-in potentials
                between the regions and set their standard potentials, see
                `pyscl.materials.apply_pairs`.

        Raises:
            InputError: a name that does not exist (with the nearest one), a region without
                material, a value that is not allowed.
            MeshError: a mesh that cannot be computed on.
        """
        self.mesh = mesh
        self.temperature = parse(temperature, "K")
        self.coordinates: Coordinates = coordinates
        checks.check_frame(self)
        check(mesh).raise_if_failed()
        self.pairs = choose(pairs)
        self._given_materials = checks.resolve_materials(self, materials)
        self.materials = apply_pairs(self._given_materials, self.pairs)
        self.carriers = checks.unify_carriers(self)
        self.contacts = dict(contacts or {})
        self.interfaces = checks.resolve_interfaces(self, interfaces or {})
        self.conserved = tuple(conserved)
        self.periodic = tuple(periodic)
        self.floating = tuple(floating)
        self.background = {
            region: checks.nodal_charge(self, region, field)
            for region, field in (background or {}).items()
        }
        self.fixed_polarization = {
            region: checks.planar_field(self, region, field)
            for region, field in (fixed_polarization or {}).items()
        }
        self.contact_share = {
            checks.interface_key(name): checks.facet_share(self, name, field)
            for name, field in (contact_share or {}).items()
        }
        checks.check_contacts(self)
        checks.check_conserved(self)
        checks.check_floating(self)
        checks.check_interfaces(self)
        checks.check_polarization(self)
        for pair in self.periodic:
            if pair.sides[0] == pair.sides[1]:
                raise InputError(f"periodic sides must be two, '{pair.sides[0]}' is given twice")
            for side in pair.sides:
                checks.outer_facets(self, side, "periodic side")
        checks.warn_of_crystals(self)

    @property
    def provenance(self) -> dict[str, tuple[Provenance, ...]]:
        """Where the values of the materials come from: region -> one entry per value.

        Each has the value as printed on the card, its source (keys of `pyscl/references.bib`, or
        "user"), temperature, range and note. The keys alone: `pyscl.citations.cited(model)`.
        """
        return {region: material.provenance for region, material in self.materials.items()}

    @cached_property
    def discretized(self) -> "Discretized":
        """The model in the scaled form of the core."""
        from pyscl.discretize import discretize

        return discretize(self)

    @cached_property
    def conditions(self) -> "BoundaryConditions":
        """The constraints of contacts, closed parts and periodic sides, for any bias.

        Raises:
            InputError: the problem has no unique solution; names carrier, regions and remedy.
        """
        from pyscl.study.constraints import BoundaryConditions

        return BoundaryConditions(self)

    def equilibrium(
        self,
        start: "Solution | None" = None,
        *,
        polarization: "Mapping[str, PolarStart] | PolarStart | None" = None,
        options: "SolverOptions | None" = None,
    ) -> "Solution":
        """Compute the state in which no carrier flows.

        The polarization of ferroelectric regions comes to rest in the stable state that it reaches
        from its start; there may be others. The memory of a hysteresis is that of the start, or
        that of a crystal that was never poled.

        Args:
            start: a solution of the same model to start from, or of one on the same mesh with the
                same carriers; default: local neutrality.
            polarization: of ferroelectric regions at the start, for all or by region: a state of
                `pyscl.polar_states`, a vector [C/m2 or texts with units], or a function of x and y;
                default: that of `start`, or a seeded noise of 1 % if that has none.
            options: tolerances and iteration limits.

        Raises:
            InputError: the problem has no unique equilibrium (the message names the regions).
            ConvergenceError: Newton's method failed; carries the history.
        """
        from pyscl.study.equilibrium import equilibrium

        return equilibrium(self, start, polarization=polarization, options=options)

    def steady(
        self,
        bias: Mapping[str, float | str] | None = None,
        start: "Solution | None" = None,
        *,
        current: Mapping[str, float | str] | None = None,
        options: "SolverOptions | None" = None,
    ) -> "Solution":
        """Compute the steady state under a bias or a current.

        Args:
            bias: contact name -> voltage added to its potential and, times z e, to its
                electrochemical potential [V, or text with a unit].
            start: a solution of the same model to start from; default: the equilibrium.
            current: contact name -> mean current density into the model [A/m2, or text with a
                unit]; its voltage follows and is found in the `bias` of the solution.
            options: tolerances and iteration limits.

        Raises:
            InputError: an unknown contact, a current that finds no way out, or a carrier without
                mobility, reservoir or inventory.
            ConvergenceError: Newton's method and the continuation failed; carries the history
                and the last good state.
        """
        from pyscl.study.steady import steady

        volts = {name: parse(value, "V") for name, value in (bias or {}).items()}
        density = {name: parse(value, "A/m^2") for name, value in (current or {}).items()}
        return steady(self, volts, start, current=density, options=options)

    def transient(
        self,
        protocol: "Protocol | Sequence[Any] | str",
        *,
        contact: str,
        reference: str | None = None,
        start: "Solution | None" = None,
        options: "TransientOptions | None" = None,
        resume: "str | PathLike[str] | None" = None,
    ) -> "Trajectory":
        """Carry out a protocol at one contact, the others stay at their voltages.

        Args:
            protocol: sentences such as "Charge at 0.1 mA/cm2 until 4.3 V", "Rest for 10 ms",
                "Hold at 4.3 V until 1 uA/cm2", "Step to 0.1 V", "Sweep from 0 V to 1 V at 1 V/s",
                "Wait until steady"; steps or mappings (see `pyscl.protocol`), or a `Protocol`.
            contact: the working contact. A positive current flows into the model there (charge).
            reference: contact against which its voltage is measured; default: the only other one.
            start: state to start from; default: the equilibrium.
            options: accuracy, saved states, checkpoints.
            resume: checkpoint to go on from; it must belong to the same calculation.

        Returns:
            Time series and saved states. It is not `complete` if the protocol ended early, for
            instance because a phase was emptied; `reason` says why.

        Raises:
            InputError: bad input, or a checkpoint of another calculation.
            ConvergenceError: a step failed; `error.trajectory` is what was computed before.
        """
        from pyscl.study.transient import transient

        return transient(
            self,
            protocol,
            contact=contact,
            reference=reference,
            start=start,
            options=options,
            resume=resume,
        )

    def mott_schottky(
        self,
        contact: str,
        biases: Sequence[float | str] | ArrayLike,
        *,
        fit: tuple[float | str, float | str] | None = None,
        carrier: str | None = None,
        options: "SolverOptions | None" = None,
    ) -> "MottSchottky":
        """Return density of mobile carriers and flat band from the capacitance of a contact.

        `pyscl.study.mott_schottky.mott_schottky` describes arguments and errors;
        `capacitance_curve` beside it gives the capacitances alone.
        """
        from pyscl.study.mott_schottky import mott_schottky

        return mott_schottky(self, contact, biases, fit=fit, carrier=carrier, options=options)

    def polarization_loop(
        self, contact: str, amplitude: float | str, **arguments: Any
    ) -> "PolarizationLoop":
        """Return polarization against voltage, from -amplitude to +amplitude and back, at rest.

        `pyscl.study.polarization_loop.polarization_loop` describes arguments and errors. A loop in
        time is a transient with "Sweep ..." and `PolarizationLoop.from_trajectory`.
        """
        from pyscl.study.polarization_loop import polarization_loop

        return polarization_loop(self, contact, amplitude, **arguments)

    def poled(
        self,
        voltages: Mapping[str, float | str],
        *,
        steps: int = 10,
        start: "Solution | None" = None,
        polarization: "Mapping[str, PolarStart] | PolarStart | None" = None,
        options: "SolverOptions | None" = None,
    ) -> "Solution":
        """Return the state that is left after voltages have come and gone, infinitely slowly.

        `pyscl.study.poling.pole` returns the states before and under the voltages as well.

        Args:
            voltages: contact -> voltage added to that of the start [V, or text with a unit].
            steps: number of steps in which the voltages rise, and in which they fall.
            start: state to start from; default: the one without bias.
            polarization: of ferroelectric regions at the start, as in `equilibrium`.
            options: tolerances and iteration limits.

        Raises:
            InputError: nothing that can be poled, an unknown contact, or no voltage.
            ConvergenceError: a state failed; carries the history and the last good state.
        """
        from pyscl.study.poling import pole

        volts = {name: parse(value, "V") for name, value in voltages.items()}
        return pole(
            self, volts, steps=steps, start=start, polarization=polarization, options=options
        ).solution

    def permittivity(
        self,
        temperatures: Sequence[float | str] | ArrayLike,
        contact: str,
        **arguments: Any,
    ) -> "PermittivitySweep":
        """Return the relative permittivity of a film or composite on heating and on cooling.

        `pyscl.study.permittivity.permittivity_sweep` describes arguments and errors.
        """
        from pyscl.study.permittivity import permittivity_sweep

        return permittivity_sweep(self, temperatures, contact, **arguments)

    def transference(
        self,
        contact: str,
        reference: str | None = None,
        *,
        options: "SolverOptions | None" = None,
    ) -> "Transference":
        """Return transport numbers between two contacts: steady over alternating conductance.

        `pyscl.study.transference.transference` describes arguments and errors; `polarisation`
        beside it carries out the experiment in time.
        """
        from pyscl.study.transference import transference

        return transference(self, contact, reference, options=options)

    def arrhenius(
        self,
        temperatures: Sequence[float | str] | ArrayLike,
        *,
        places: Sequence[str] | None = None,
        contact: str | None = None,
        options: "SolverOptions | None" = None,
    ) -> "ArrheniusResult":
        """Return conductivities and layer resistances at temperatures, with activation energies.

        `pyscl.study.arrhenius.arrhenius` describes arguments and errors; it also takes a function
        that returns the model of each temperature.
        """
        from pyscl.study.arrhenius import arrhenius

        return arrhenius(self, temperatures, places=places, contact=contact, options=options)

    def with_temperature(self, temperature: float | str) -> "Model":
        """Return a copy at another temperature [K, or a text with a unit].

        What follows from the materials follows the temperature: neutral potentials, statistics,
        transport with an activation energy. Numbers that were given stay as they are, such as
        potentials, exchange currents and amounts.
        """
        return self.with_(temperature=temperature)

    def with_polarization_amplitude(self, share: float) -> "Model":
        """Return a copy whose fixed polarizations are a share of what they are.

        `pyscl.study.poling.switched_on` goes from 0 to 1 where `equilibrium` alone fails.
        """
        from pyscl.study.poling import with_polarization_amplitude

        return with_polarization_amplitude(self, share)

    def with_(self, **changes: Any) -> "Model":
        """Return a copy in which arguments of `Model` are others, by name.

        The pairs hold for other materials too, so their steps are the same at another composition;
        `pairs=[]` leaves materials that are given as they are, and brings the old ones back to the
        levels that they had without pairs.
        """
        same: dict[str, Any] = {
            "mesh": self.mesh,
            "materials": self._given_materials,
            "pairs": self.pairs,
            "contacts": self.contacts,
            "interfaces": self.interfaces,
            "conserved": self.conserved,
            "periodic": self.periodic,
            "floating": self.floating,
            "background": self.background,
            "fixed_polarization": self.fixed_polarization,
            "contact_share": self.contact_share,
            "temperature": self.temperature,
            "coordinates": self.coordinates,
        }
        for name in changes:
            if name not in same:
                raise unknown_name("argument of Model", name, same)
        with checks.quiet():
            changed = Model(**(same | changes))
        checks.warn_of_crystals(changed, known=checks.crystal_warnings(self, [self.temperature]))
        return changed

    def regions_with(self, carrier: str) -> list[str]:
        """Return the names of the regions in which a carrier lives."""
        return [
            name
            for name in self.mesh.region_names
            if carrier in {c.name for c in self.materials[name].carriers}
        ]

    def regions_at(self, group: str) -> list[str]:
        """Return the names of the regions that touch an outer facet group."""
        edges = self.mesh.edges
        of_group = np.zeros(len(edges.keys), dtype=bool)
        of_group[edges.find(self.mesh.facets_of(group))] = True
        touching = np.unique(np.repeat(self.mesh.region, 3)[of_group[edges.of_side]])
        return [self.mesh.region_names[r] for r in touching]

    def exchanging_regions(self, contact: str) -> list[str]:
        """Return the regions that may exchange carriers with a contact: touching, or fed by it."""
        law = self.contacts.get(contact)
        if isinstance(law, ReservoirContact) and law.feeds:
            return list(law.feeds)
        return self.regions_at(contact)

    def contact_shares(self, interface: str) -> NDArray[np.float64]:
        """Return the share of each facet of an interface that is in contact, (k,)."""
        law = self.interfaces.get(interface, Interface())
        facets = self.mesh.interfaces[interface]
        share = np.full(len(facets), law.contact_share) * self.contact_share.get(interface, 1.0)
        edge = self.mesh.edges.find(facets)
        for group in law.lost_contact:
            share[np.isin(edge, self.mesh.edges.find(self.mesh.facets_of(group)))] = 0.0
        return share

    def is_material_boundary(self, interface: str) -> bool:
        """Whether the two regions of an interface "a|b" differ in anything but their names."""
        return interface in self._material_boundaries

    @cached_property
    def _material_boundaries(self) -> frozenset[str]:
        contents = {
            region: material.model_dump(exclude={"name", "provenance"})
            for region, material in self.materials.items()
        }
        return frozenset(
            name
            for name in self.mesh.interfaces
            if contents[name.split("|")[0]] != contents[name.split("|")[1]]
        )
