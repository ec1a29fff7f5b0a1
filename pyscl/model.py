"""`Model`: regions, interfaces and contacts by name, and the calculations on them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from pyscl.boundaries import (
    BlockingContact,
    Conserved,
    ContactLaw,
    FloatingConductor,
    Interface,
    Periodic,
    PotentialContact,
    ReservoirContact,
)
from pyscl.errors import InputError, unknown_name
from pyscl.materials import Material, load
from pyscl.mesh import Mesh, check
from pyscl.units import parse

if TYPE_CHECKING:
    from os import PathLike

    from pyscl.discretize import Discretized
    from pyscl.protocol import Protocol
    from pyscl.solution import Solution
    from pyscl.study.constraints import BoundaryConditions
    from pyscl.study.newton import SolverOptions
    from pyscl.study.transient import TransientOptions
    from pyscl.trajectory import Trajectory

Coordinates = Literal["planar", "axisymmetric"]
NodalField = NDArray[np.float64] | Callable[[NDArray[np.float64], NDArray[np.float64]], object]
FacetField = NodalField


class Model:
    """A mesh with physics: materials in its regions, laws at its interfaces and contacts.

    Everything is checked here, before any work starts.

    Attributes:
        mesh: the mesh [m].
        materials: region name -> `Material`.
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
        contact_share: Mapping[str, FacetField] | None = None,
        temperature: float | str = 298.15,
        coordinates: Coordinates = "planar",
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
            contact_share: share of each facet of an interface that is in contact, 0 to 1, times
                the `contact_share` of its law: values on its facets (k,), or a function of the
                x and y [m] of their midpoints. Carriers in equilibrium need 0 or 1.
            temperature: [K] or a text with a unit.
            coordinates: "planar" or "axisymmetric" (x is the radius, the mesh lies in x >= 0).

        Raises:
            InputError: a name that does not exist (with the nearest one), a region without
                material, a value that is not allowed.
            MeshError: a mesh that cannot be computed on.
        """
        self.mesh = mesh
        self.temperature = parse(temperature, "K")
        self.coordinates: Coordinates = coordinates
        self._check_frame()
        check(mesh).raise_if_failed()
        self.materials = self._resolve_materials(materials)
        self.carriers = self._unify_carriers()
        self.contacts = dict(contacts or {})
        self.interfaces = self._resolve_interfaces(interfaces or {})
        self.conserved = tuple(conserved)
        self.periodic = tuple(periodic)
        self.floating = tuple(floating)
        self.background = {
            region: self._nodal_charge(region, field)
            for region, field in (background or {}).items()
        }
        self.contact_share = {
            interface_key(name): self._facet_share(name, field)
            for name, field in (contact_share or {}).items()
        }
        self._check_contacts()
        self._check_conserved()
        self._check_floating()
        self._check_interfaces()
        for pair in self.periodic:
            if pair.sides[0] == pair.sides[1]:
                raise InputError(f"periodic sides must be two, '{pair.sides[0]}' is given twice")
            for side in pair.sides:
                self._outer_facets(side, "periodic side")

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
        self, start: "Solution | None" = None, *, options: "SolverOptions | None" = None
    ) -> "Solution":
        """Compute the state in which no carrier flows.

        Args:
            start: a solution of the same model to start from; default: local neutrality.
            options: tolerances and iteration limits.

        Raises:
            InputError: the problem has no unique equilibrium (the message names the regions).
            ConvergenceError: Newton's method failed; carries the history.
        """
        from pyscl.study.equilibrium import equilibrium

        return equilibrium(self, start, options=options)

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

    def regions_with(self, carrier: str) -> list[str]:
        """Return the names of the regions in which a carrier lives."""
        return [
            name
            for name in self.mesh.region_names
            if carrier in {c.name for c in self.materials[name].carriers}
        ]

    def regions_at(self, group: str) -> list[str]:
        """Return the names of the regions that touch an outer facet group."""
        facets = np.sort(self.mesh.facets_of(group), axis=1)
        sides = np.sort(self.mesh.edges.sides, axis=1)
        n = self.mesh.n_points
        on_group = np.isin(
            sides[:, 0].astype(np.int64) * n + sides[:, 1],
            facets[:, 0].astype(np.int64) * n + facets[:, 1],
        )
        touching = np.unique(np.repeat(self.mesh.region, 3)[on_group])
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
        first, second = (
            self.materials[region].model_dump(exclude={"name", "provenance"})
            for region in interface.split("|")
        )
        return bool(first != second)

    # Checks, in the order of the arguments.

    def _check_frame(self) -> None:
        if self.temperature <= 0.0:
            raise InputError(f"temperature must be above 0 K, not {self.temperature} K")
        if self.coordinates not in ("planar", "axisymmetric"):
            raise unknown_name("coordinates", self.coordinates, ("planar", "axisymmetric"))
        if self.coordinates == "axisymmetric" and self.mesh.points[:, 0].min() < 0.0:
            raise InputError(
                f"axisymmetric coordinates need r = x >= 0, but the mesh reaches x = "
                f"{self.mesh.points[:, 0].min():.3g} m; shift the mesh"
            )

    def _resolve_materials(self, materials: Mapping[str, Material | str]) -> dict[str, Material]:
        for region in materials:
            if region not in self.mesh.region_names:
                raise unknown_name("region", region, self.mesh.region_names, "in the mesh")
        missing = [r for r in self.mesh.region_names if r not in materials]
        if missing:
            raise InputError(
                f"no material for region {', '.join(repr(r) for r in missing)}; give every "
                "region of the mesh a Material or the name of a card"
            )
        return {
            region: load(m) if isinstance(m, str) else m
            for region, m in ((r, materials[r]) for r in self.mesh.region_names)
        }

    def _unify_carriers(self) -> tuple[str, ...]:
        charges: dict[str, tuple[int, str]] = {}
        for region, material in self.materials.items():
            for carrier in material.carriers:
                charge, first = charges.setdefault(carrier.name, (carrier.charge, region))
                if charge != carrier.charge:
                    raise InputError(
                        f"carrier '{carrier.name}' has charge {charge} in region '{first}' but "
                        f"{carrier.charge} in region '{region}'; use one charge or two names"
                    )
        return tuple(sorted(charges))

    def _resolve_interfaces(self, interfaces: Mapping[str, Interface]) -> dict[str, Interface]:
        resolved = {}
        for name, law in interfaces.items():
            key = interface_key(name)
            if key not in self.mesh.interfaces:
                raise unknown_name("interface", name, self.mesh.interfaces, "in the mesh")
            if key in resolved:
                raise InputError(f"interface '{key}' is given twice")
            if not np.isfinite(law.surface_charge):
                raise InputError(f"surface charge of interface '{key}' is not a finite number")
            sides = [{c.name for c in self.materials[r].carriers} for r in key.split("|")]
            coated = {c.name: c for c in law.coating.material.carriers} if law.coating else {}
            for carrier in [*law.blocking, *law.kinetics, *sorted(coated)]:
                if carrier not in sides[0] & sides[1]:
                    raise unknown_name(
                        "carrier", carrier, sides[0] & sides[1], f"on both sides of '{key}'"
                    )
            for carrier, its in coated.items():
                charge = self.materials[key.split("|")[0]].carrier(carrier).charge
                if its.charge != charge:
                    raise InputError(
                        f"carrier '{carrier}' has charge {its.charge} in the coating of '{key}' "
                        f"but {charge} beside it; use one charge or two names"
                    )
            for group in law.lost_contact:
                if group not in self.mesh.facet_names:
                    raise unknown_name("facet group", group, self.mesh.facet_names, "in the mesh")
            in_order = name.partition("|")[0].strip() == key.partition("|")[0]
            resolved[key] = law if in_order else law.mirrored()
        return resolved

    def _facet_share(self, name: str, field: FacetField) -> NDArray[np.float64]:
        interface = interface_key(name)
        if interface not in self.mesh.interfaces:
            raise unknown_name("interface", name, self.mesh.interfaces, "in the mesh")
        facets = self.mesh.interfaces[interface]
        values = field(*self.mesh.points[facets].mean(axis=1).T) if callable(field) else field
        share = np.asarray(values, dtype=float)
        if share.shape not in ((), (len(facets),)):
            raise InputError(
                f"contact_share of interface '{interface}' has shape {share.shape}; it needs one "
                f"value for each of its {len(facets)} facets"
            )
        share = np.broadcast_to(share, (len(facets),))
        if not ((share >= 0.0) & (share <= 1.0)).all():
            raise InputError(f"contact_share of interface '{interface}' must lie between 0 and 1")
        self.interfaces.setdefault(interface, Interface())
        return share

    def _check_interfaces(self) -> None:
        for name, law in self.interfaces.items():
            share = self.contact_shares(name)
            partial = bool(((share > 0.0) & (share < 1.0)).any())
            if law.coating is not None and (share < 1.0).any():
                raise InputError(
                    f"interface '{name}' has a coating and a contact_share below 1; use kinetics "
                    "with a contact_share, or a mesh with the bare parts as their own region"
                )
            first, second = ({c.name for c in self.materials[r].carriers} for r in name.split("|"))
            for carrier in sorted(first & second - set(law.blocking) - set(law.kinetics)):
                if partial and law.coating is None:
                    raise InputError(
                        f"contact_share of interface '{name}' is between 0 and 1, which needs a "
                        f"transfer law: give kinetics of '{carrier}', or block it"
                    )

    def _check_floating(self) -> None:
        names = [conductor.region for conductor in self.floating]
        for name in names:
            if name not in self.mesh.region_names:
                raise unknown_name("region", name, self.mesh.region_names, "in the mesh")
            if names.count(name) > 1:
                raise InputError(f"floating conductor '{name}' is given twice")
            material = self.materials[name]
            if material.carriers or material.fixed_charge != 0.0 or name in self.background:
                raise InputError(
                    f"floating conductor '{name}' must be a region without carriers and charges; "
                    "use a material with a permittivity only"
                )

    def _outer_facets(self, group: str, kind: str) -> None:
        if group not in self.mesh.facet_names:
            raise unknown_name(kind, group, self.mesh.facet_names, "in the mesh")
        outer = {tuple(sorted(f)) for f in self.mesh.boundary.tolist()}
        inner = [f for f in self.mesh.facets_of(group).tolist() if tuple(sorted(f)) not in outer]
        if inner:
            x, y = self.mesh.points[inner[0]].mean(axis=0)
            raise InputError(
                f"{kind} '{group}' has {len(inner)} facets inside the mesh, one at "
                f"({x:.4g}, {y:.4g}) m; contacts lie on the outer boundary"
            )

    def _check_contacts(self) -> None:
        for name, contact in self.contacts.items():
            self._outer_facets(name, "contact")
            match contact:
                case PotentialContact(potential=value) if not np.isfinite(value):
                    raise InputError(f"potential of contact '{name}' is not a finite number")
                case BlockingContact(surface_charge=value) if not np.isfinite(value):
                    raise InputError(f"surface charge of contact '{name}' is not a finite number")
                case ReservoirContact(carrier=carrier):
                    for region in contact.feeds:
                        if region not in self.mesh.region_names:
                            raise unknown_name(
                                "region", region, self.mesh.region_names, f"to feed by '{name}'"
                            )
                    present = {
                        c.name
                        for r in self.exchanging_regions(name)
                        for c in self.materials[r].carriers
                    }
                    if carrier not in present:
                        regions = ", ".join(self.exchanging_regions(name))
                        raise unknown_name(
                            "carrier", carrier, present, f"at contact '{name}' (regions: {regions})"
                        )

    def _check_conserved(self) -> None:
        for entry in self.conserved:
            if entry.carrier not in self.carriers:
                raise unknown_name("carrier", entry.carrier, self.carriers)
            for region in entry.regions:
                if region not in self.mesh.region_names:
                    raise unknown_name("region", region, self.mesh.region_names, "in the mesh")
                if region not in self.regions_with(entry.carrier):
                    raise InputError(
                        f"carrier '{entry.carrier}' cannot be conserved in region '{region}', it "
                        f"lives in: {', '.join(self.regions_with(entry.carrier))}"
                    )

    def _nodal_charge(self, region: str, field: NodalField) -> NDArray[np.float64]:
        if region not in self.mesh.region_names:
            raise unknown_name("region", region, self.mesh.region_names, "in the mesh")
        values = field(*self.mesh.points.T) if callable(field) else field
        charge = np.broadcast_to(np.asarray(values, dtype=float), (self.mesh.n_points,))
        nodes = np.unique(self.mesh.triangles[self.mesh.regions_of(region)])
        if not np.isfinite(charge[nodes]).all():
            bad = nodes[~np.isfinite(charge[nodes])][0]
            x, y = self.mesh.points[bad]
            raise InputError(
                f"background charge of region '{region}' is not finite at node {bad}, "
                f"({x:.4g}, {y:.4g}) m"
            )
        return charge


def interface_key(name: str) -> str:
    """Return "a|b" with the regions in alphabetical order."""
    return "|".join(sorted(part.strip() for part in name.split("|")))
