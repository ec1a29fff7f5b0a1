"""What a model refuses: every part is checked before any work starts.

Each function raises `InputError` with the name that is wrong and what is allowed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.boundaries import BlockingContact, Interface, PotentialContact, ReservoirContact
from pyscl.errors import InputError, unknown_name, warn
from pyscl.materials import Material, load
from pyscl.materials.polarization import Landau
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import FacetField, Model, NodalField, PlanarField


LARGE_MISFIT = 0.03
"""Misfit strain above which a film is warned of."""


def interface_key(name: str) -> str:
    """Return "a|b" with the regions in alphabetical order."""
    return "|".join(sorted(part.strip() for part in name.split("|")))


def check_frame(model: "Model") -> None:
    """Temperature and coordinates must make sense for the mesh."""
    if model.temperature <= 0.0:
        raise InputError(f"temperature must be above 0 K, not {model.temperature} K")
    if model.coordinates not in ("planar", "axisymmetric"):
        raise unknown_name("coordinates", model.coordinates, ("planar", "axisymmetric"))
    if model.coordinates == "axisymmetric" and model.mesh.points[:, 0].min() < 0.0:
        raise InputError(
            f"axisymmetric coordinates need r = x >= 0, but the mesh reaches x = "
            f"{model.mesh.points[:, 0].min():.3g} m; shift the mesh"
        )


def resolve_materials(
    model: "Model", materials: Mapping[str, Material | str]
) -> dict[str, Material]:
    """Return the material of every region as given, cards loaded."""
    for region in materials:
        if region not in model.mesh.region_names:
            raise unknown_name("region", region, model.mesh.region_names, "in the mesh")
    missing = [r for r in model.mesh.region_names if r not in materials]
    if missing:
        raise InputError(
            f"no material for region {', '.join(repr(r) for r in missing)}; give every "
            "region of the mesh a Material or the name of a card"
        )
    return {
        region: load(m) if isinstance(m, str) else m
        for region, m in ((r, materials[r]) for r in model.mesh.region_names)
    }


def unify_carriers(model: "Model") -> tuple[str, ...]:
    """Return the names of all carriers, sorted; each has one charge number."""
    charges: dict[str, tuple[int, str]] = {}
    for region, material in model.materials.items():
        for carrier in material.carriers:
            charge, first = charges.setdefault(carrier.name, (carrier.charge, region))
            if charge != carrier.charge:
                raise InputError(
                    f"carrier '{carrier.name}' has charge {charge} in region '{first}' but "
                    f"{carrier.charge} in region '{region}'; use one charge or two names"
                )
    return tuple(sorted(charges))


def resolve_interfaces(model: "Model", interfaces: Mapping[str, Interface]) -> dict[str, Interface]:
    """Return the laws by "a|b" with sorted names, mirrored where that turns them round."""
    resolved = {}
    for name, law in interfaces.items():
        key = interface_key(name)
        if key not in model.mesh.interfaces:
            raise unknown_name("interface", name, model.mesh.interfaces, "in the mesh")
        if key in resolved:
            raise InputError(f"interface '{key}' is given twice")
        if not np.isfinite(law.surface_charge):
            raise InputError(f"surface charge of interface '{key}' is not a finite number")
        sides = [{c.name for c in model.materials[r].carriers} for r in key.split("|")]
        coated = {c.name: c for c in law.coating.material.carriers} if law.coating else {}
        for carrier in [*law.blocking, *law.kinetics, *sorted(coated)]:
            if carrier not in sides[0] & sides[1]:
                raise unknown_name(
                    "carrier", carrier, sides[0] & sides[1], f"on both sides of '{key}'"
                )
        for carrier, its in coated.items():
            charge = model.materials[key.split("|")[0]].carrier(carrier).charge
            if its.charge != charge:
                raise InputError(
                    f"carrier '{carrier}' has charge {its.charge} in the coating of '{key}' "
                    f"but {charge} beside it; use one charge or two names"
                )
        for group in law.lost_contact:
            if group not in model.mesh.facet_names:
                raise unknown_name("facet group", group, model.mesh.facet_names, "in the mesh")
        in_order = name.partition("|")[0].strip() == key.partition("|")[0]
        resolved[key] = law if in_order else law.mirrored()
    return resolved


def facet_share(model: "Model", name: str, field: "FacetField") -> NDArray[np.float64]:
    """Return the share of each facet of an interface that is in contact, (k,)."""
    interface = interface_key(name)
    if interface not in model.mesh.interfaces:
        raise unknown_name("interface", name, model.mesh.interfaces, "in the mesh")
    facets = model.mesh.interfaces[interface]
    values = field(*model.mesh.points[facets].mean(axis=1).T) if callable(field) else field
    share = np.asarray(values, dtype=float)
    if share.shape not in ((), (len(facets),)):
        raise InputError(
            f"contact_share of interface '{interface}' has shape {share.shape}; it needs one "
            f"value for each of its {len(facets)} facets"
        )
    share = np.broadcast_to(share, (len(facets),))
    if not ((share >= 0.0) & (share <= 1.0)).all():
        raise InputError(f"contact_share of interface '{interface}' must lie between 0 and 1")
    model.interfaces.setdefault(interface, Interface())
    return share


_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Leave warnings about crystals to the caller."""
    before = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(before)


def crystal_warnings(model: "Model", temperatures: Iterable[float]) -> list[str]:
    """Return a sentence for temperatures [K] outside Landau coefficients, and for large misfits."""
    laws = [
        (region, law)
        for region, material in model.materials.items()
        if isinstance(law := material.polarization, Landau)
    ]
    kelvin = list(temperatures)
    found = [
        f"region '{region}': {outside}"
        for region, law in laws
        for t in kelvin
        if (outside := law.coefficients.range_warning(t))
    ]
    found += [
        f"region '{region}': a misfit strain of {100.0 * law.misfit_strain:.3g} % is large; films "
        f"relax by dislocations above 1 or 2 %, and the energy is of first order in the strain"
        for region, law in laws
        if law.misfit_strain is not None and abs(law.misfit_strain) > LARGE_MISFIT
    ]
    return found


def warn_of_crystals(
    model: "Model", temperatures: Iterable[float] | None = None, known: Iterable[str] = ()
) -> None:
    """Warn once of Landau laws outside their range, at the line of the user.

    Args:
        model: the model.
        temperatures: [K]; default: its own.
        known: sentences that were said before.
    """
    if _quiet.get():
        return
    kelvin = [model.temperature] if temperatures is None else temperatures
    if found := [w for w in crystal_warnings(model, kelvin) if w not in set(known)]:
        warn("; ".join(found))


def planar_field(model: "Model", region: str, field: "PlanarField") -> NDArray[np.float64]:
    """Return a vector field [as given] in the triangles of a region, (k, 2)."""
    if region not in model.mesh.region_names:
        raise unknown_name("region", region, model.mesh.region_names, "for fixed_polarization")
    mesh = model.mesh
    inside = mesh.region == mesh.region_names.index(region)
    centroids = mesh.points[mesh.triangles[inside]].mean(axis=1)
    name = f"fixed_polarization of region '{region}'"
    if callable(field):
        return two_components(field(*centroids.T), len(centroids), name)
    values = constant_vector(field, name)
    if values is None:
        try:
            values = np.asarray(field, dtype=float)
        except (TypeError, ValueError):
            raise InputError(
                f"{name} cannot be {field!r}; give two components in C/m2 or texts with units, "
                f"two for each of its {len(centroids)} triangles, or a function of x and y"
            ) from None
    if values.shape not in ((2,), (len(centroids), 2)):
        raise InputError(
            f"{name} has shape {values.shape}; it needs two components, or two for each of its "
            f"{len(centroids)} triangles"
        )
    values = np.broadcast_to(values, (len(centroids), 2)).astype(float)
    if not np.isfinite(values).all():
        raise InputError(f"{name} holds values that are not finite")
    return values


def constant_vector(given: object, name: str) -> NDArray[np.float64] | None:
    """Return a polarization of two numbers [C/m2] or texts with units, (2,); None for others."""
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray) or len(given) != 2:
        return None
    if not all(isinstance(part, str | Real) for part in given):
        return None
    try:
        return np.array([parse(part, "C/m^2") for part in given])
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def two_components(returned: object, count: int, name: str) -> NDArray[np.float64]:
    """Return what a function of x and y gave for a vector field on points, (count, 2)."""
    try:
        parts = [np.asarray(part, dtype=float) for part in returned]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        parts = []
    if len(parts) != 2 or any(part.shape not in ((), (count,)) for part in parts):
        raise InputError(
            f"the function for {name} must return two components, each a number or {count} "
            f"values, one for each point; it returned {_shape(returned)}"
        )
    values = np.column_stack([np.broadcast_to(part, count) for part in parts])
    if not np.isfinite(values).all():
        raise InputError(f"the function for {name} returns values that are not finite")
    return values


def _shape(returned: object) -> str:
    if isinstance(returned, np.ndarray):
        return f"an array of shape {returned.shape}"
    if isinstance(returned, Sequence) and not isinstance(returned, str):
        return f"{len(returned)} of them, of shapes {', '.join(str(np.shape(r)) for r in returned)}"
    return repr(returned)


def check_polarization(model: "Model") -> None:
    """Crystals have no axis of revolution, and coatings too thin to be meshed are linear."""
    for region, material in model.materials.items():
        if isinstance(material.polarization, Landau) and model.coordinates != "planar":
            raise InputError(
                f"region '{region}' is a Landau ferroelectric, whose crystal axes lie in a plane; "
                "compute it in planar coordinates, or give it a law of the field (hysteresis, "
                "remanent, johnson)"
            )
        law_of_p = material.polarization
        if isinstance(law_of_p, Landau) and not any(law_of_p.gradient):
            asked = "boundary: zero" if law_of_p.boundary == "zero" else "extrapolation_length"
            if law_of_p.boundary == "zero" or law_of_p.extrapolation_length is not None:
                raise InputError(
                    f"region '{region}' has {asked} but no gradient energy, without which the "
                    "surface of a crystal reaches no further than an element; give its law a "
                    "gradient_energy, or leave the boundary free"
                )
    for name, law in model.interfaces.items():
        if law.coating is not None and law.coating.material.polarization is not None:
            raise InputError(
                f"the coating of '{name}' is too thin to be meshed and has a constant "
                "permittivity; give its material no polarization, or mesh it as a region"
            )


def check_interfaces(model: "Model") -> None:
    """A partial contact needs a transfer law, and excludes a coating."""
    for name, law in model.interfaces.items():
        share = model.contact_shares(name)
        partial = bool(((share > 0.0) & (share < 1.0)).any())
        if law.coating is not None and (share < 1.0).any():
            raise InputError(
                f"interface '{name}' has a coating and a contact_share below 1; use kinetics "
                "with a contact_share, or a mesh with the bare parts as their own region"
            )
        first, second = ({c.name for c in model.materials[r].carriers} for r in name.split("|"))
        for carrier in sorted(first & second - set(law.blocking) - set(law.kinetics)):
            if partial and law.coating is None:
                raise InputError(
                    f"contact_share of interface '{name}' is between 0 and 1, which needs a "
                    f"transfer law: give kinetics of '{carrier}', or block it"
                )


def check_floating(model: "Model") -> None:
    """Floating conductors are regions without carriers and charges."""
    names = [conductor.region for conductor in model.floating]
    for name in names:
        if name not in model.mesh.region_names:
            raise unknown_name("region", name, model.mesh.region_names, "in the mesh")
        if names.count(name) > 1:
            raise InputError(f"floating conductor '{name}' is given twice")
        material = model.materials[name]
        if material.carriers or material.fixed_charge != 0.0 or name in model.background:
            raise InputError(
                f"floating conductor '{name}' must be a region without carriers and charges; "
                "use a material with a permittivity only"
            )


def outer_facets(model: "Model", group: str, kind: str) -> None:
    """Contacts and periodic sides lie on the outer boundary."""
    if group not in model.mesh.facet_names:
        raise unknown_name(kind, group, model.mesh.facet_names, "in the mesh")
    outer = {tuple(sorted(f)) for f in model.mesh.boundary.tolist()}
    inner = [f for f in model.mesh.facets_of(group).tolist() if tuple(sorted(f)) not in outer]
    if inner:
        x, y = model.mesh.points[inner[0]].mean(axis=0)
        raise InputError(
            f"{kind} '{group}' has {len(inner)} facets inside the mesh, one at "
            f"({x:.4g}, {y:.4g}) m; contacts lie on the outer boundary"
        )


def check_contacts(model: "Model") -> None:
    """The values of contacts are finite, and reservoirs meet their carrier."""
    for name, contact in model.contacts.items():
        outer_facets(model, name, "contact")
        match contact:
            case PotentialContact(potential=value) if not np.isfinite(value):
                raise InputError(f"potential of contact '{name}' is not a finite number")
            case BlockingContact(surface_charge=value) if not np.isfinite(value):
                raise InputError(f"surface charge of contact '{name}' is not a finite number")
            case ReservoirContact(carrier=carrier):
                for region in contact.feeds:
                    if region not in model.mesh.region_names:
                        raise unknown_name(
                            "region", region, model.mesh.region_names, f"to feed by '{name}'"
                        )
                present = {
                    c.name
                    for r in model.exchanging_regions(name)
                    for c in model.materials[r].carriers
                }
                if carrier not in present:
                    regions = ", ".join(model.exchanging_regions(name))
                    raise unknown_name(
                        "carrier", carrier, present, f"at contact '{name}' (regions: {regions})"
                    )


def check_conserved(model: "Model") -> None:
    """Conserved carriers live in the regions that are named."""
    for entry in model.conserved:
        if entry.carrier not in model.carriers:
            raise unknown_name("carrier", entry.carrier, model.carriers)
        for region in entry.regions:
            if region not in model.mesh.region_names:
                raise unknown_name("region", region, model.mesh.region_names, "in the mesh")
            if region not in model.regions_with(entry.carrier):
                raise InputError(
                    f"carrier '{entry.carrier}' cannot be conserved in region '{region}', it "
                    f"lives in: {', '.join(model.regions_with(entry.carrier))}"
                )


def nodal_charge(model: "Model", region: str, field: "NodalField") -> NDArray[np.float64]:
    """Return a fixed charge density on all mesh nodes (n_points,) [C/m3]."""
    if region not in model.mesh.region_names:
        raise unknown_name("region", region, model.mesh.region_names, "in the mesh")
    values = field(*model.mesh.points.T) if callable(field) else field
    charge = np.broadcast_to(np.asarray(values, dtype=float), (model.mesh.n_points,))
    nodes = np.unique(model.mesh.triangles[model.mesh.regions_of(region)])
    if not np.isfinite(charge[nodes]).all():
        bad = nodes[~np.isfinite(charge[nodes])][0]
        x, y = model.mesh.points[bad]
        raise InputError(
            f"background charge of region '{region}' is not finite at node {bad}, "
            f"({x:.4g}, {y:.4g}) m"
        )
    return charge
