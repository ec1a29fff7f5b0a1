"""Space charge and bound charge on both sides of an interface."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge, epsilon_0

from pyscl.boundaries import BlockingContact, Interface, PotentialContact, ReservoirContact
from pyscl.errors import unknown_name
from pyscl.facets import facet_measure, facet_sites, sides_at
from pyscl.materials import Material
from pyscl.postprocess.surfaces import surface_density, total_polarization

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution


@dataclass(frozen=True)
class SideResult:
    """The space charge layer in one region along an interface.

    Attributes:
        region: the region of this side.
        charge: space charge of the layer per interface area [C/m2]: the displacement that enters
            the region through the interface, by the discrete Gauss law of the region. Where
            three regions meet, the displacement of the common node is divided by facet length,
            so that short interfaces with many triple points are accurate to a few per cent only.
            On a floating conductor it is the charge of its surface.
        width: distance of the centroid of |charge density| from the interface [m] over the points
            of the region that are nearest to this interface; equals the Debye length for a weak
            planar layer, half the width of a fully depleted one. None without space charge.
        least: carrier -> smallest site fraction on the interface.
        most: carrier -> largest site fraction on the interface.
        bound_charge: mean bound charge of this side [C/m2]: P . n out of the region, P = D - eps0 E
            of the triangles along the interface.
    """

    region: str
    charge: float
    width: float | None
    least: dict[str, float]
    most: dict[str, float]
    bound_charge: float


@dataclass(frozen=True)
class InterfaceResult:
    """Results along an interface "a|b".

    Attributes:
        name: "a|b".
        measure: length [m] (planar) or area [m2] (axisymmetric).
        unit: "m" or "m^2", of the measure.
        potential: mean electric potential on the interface [V], of both sides where it jumps.
        sides: the two sides, in the order of the name.
    """

    name: str
    measure: float
    unit: str
    potential: float
    sides: tuple[SideResult, SideResult]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with units in the keys."""
        return {
            f"measure [{self.unit}]": self.measure,
            "potential [V]": self.potential,
            "sides": {
                s.region: {
                    "charge [C/m^2]": s.charge,
                    "width [m]": s.width,
                    "least site fraction": s.least,
                    "most site fraction": s.most,
                    "bound charge [C/m^2]": s.bound_charge,
                }
                for s in self.sides
            },
        }


def interface_result(solution: "Solution", name: str) -> InterfaceResult:
    """Evaluate an interface; see `Solution.interface`."""
    model = solution.model
    key = "|".join(sorted(part.strip() for part in name.split("|")))
    if key not in model.mesh.interfaces:
        raise unknown_name("interface", name, model.mesh.interfaces)
    facets = model.mesh.interfaces[key]
    share = facet_measure(model, facets)
    sites = [facet_sites(model.mesh, solution.site_triangles, facets, r) for r in key.split("|")]
    phi = solution["potential"].values
    mean = sum((phi[ends] * share).sum() for ends in sites) / (2.0 * share.sum())
    first, second = (_side(solution, key, region) for region in key.split("|"))
    unit = "m" if model.coordinates == "planar" else "m^2"
    return InterfaceResult(key, float(share.sum()), unit, float(mean), (first, second))


def _side(solution: "Solution", key: str, region: str) -> SideResult:
    model = solution.model
    mesh = model.mesh
    nodes, measure, _ = share_of_nodes(model, key, region)
    of_region = solution.site_region == mesh.region_names.index(region)
    on_interface, _ = facing_sites(solution, region, nodes)

    fractions = {
        carrier: values
        for carrier in model.carriers
        if not np.isnan(values := solution.site_fraction(carrier)[on_interface]).any()
    }
    bound, share = surface_density(
        solution, total_polarization(solution), sides_at(mesh, mesh.interfaces[key], region)
    )
    return SideResult(
        region=region,
        charge=-entering_displacement(solution, key, region) / measure,
        width=_centroid(solution, key, region, of_region),
        least={carrier: float(y.min()) for carrier, y in fractions.items()},
        most={carrier: float(y.max()) for carrier, y in fractions.items()},
        bound_charge=float(bound @ share / share.sum()),
    )


def entering_displacement(solution: "Solution", key: str, region: str) -> float:
    """Return the displacement that enters a region through an interface or contact [C/m] or [C].

    Inside a floating conductor there is none: that which ends on its surface counts, what the
    opposite region lets through and the fixed charge of the interface send there.
    """
    model = solution.model
    nodes, measure, fraction = share_of_nodes(model, key, region)
    floating = {conductor.region for conductor in model.floating}
    if region in floating and "|" in key:
        (other,) = set(key.split("|")) - {region}
        fixed = model.interfaces.get(key, Interface()).surface_charge * measure
        if other not in floating:
            return fixed - entering_displacement(solution, key, other)
        on_first = fixed if region == key.split("|")[0] else 0.0
        return on_first + _through_layer(solution, key, (other, region)) * measure
    sites, position = facing_sites(solution, region, nodes)
    return float(solution.gauss_rows[sites] @ fraction[position])


def _through_layer(solution: "Solution", key: str, regions: tuple[str, str]) -> float:
    """Return the displacement through a thin layer from one conductor to another one [C/m2]."""
    names, law = solution.model.mesh.region_names, solution.model.interfaces[key]
    phi = solution["potential"].values
    first, second = (phi[solution.site_region == names.index(r)][0] for r in regions)
    capacitance = law.compact_capacitance or 0.0
    if law.coating is not None:
        material = law.coating.material
        assert isinstance(material, Material)
        capacitance = epsilon_0 * material.relative_permittivity / law.coating.thickness
    return float(capacitance * (first - second))


def facing_sites(
    solution: "Solution", region: str, nodes: NDArray[np.int32]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the sites of a region on some nodes (sorted), and the place of each one's node."""
    site_node = solution.model.discretized.site_node
    number = solution.model.mesh.region_names.index(region)
    sites = np.flatnonzero((solution.site_region == number) & np.isin(site_node, nodes))
    return sites, np.searchsorted(nodes, site_node[sites])


def share_of_nodes(
    model: "Model", key: str, region: str
) -> tuple[NDArray[np.int32], float, NDArray[np.float64]]:
    """Return the nodes of an interface, its measure, and its share in the border of the region.

    The key may also be a contact that holds a potential, or a charged side.

    Where several interfaces of the region (or its outer border) meet in a node, the node's
    displacement is divided by the measures of the adjacent facets; outer sides count only if they
    carry charge or an electrode, the others let no displacement through.
    """
    mesh = model.mesh
    of_interface, of_border = np.zeros(mesh.n_points), np.zeros(mesh.n_points)
    for name, facets in mesh.interfaces.items():
        if region in name.split("|"):
            share = facet_measure(model, facets)
            np.add.at(of_border, facets, share)
            if name == key:
                np.add.at(of_interface, facets, share)
    for name in _charged_sides(model):
        facets = mesh.facets_of(name)
        share = facet_measure(model, facets)
        np.add.at(of_border, facets, share)
        if name == key:
            np.add.at(of_interface, facets, share)
    nodes = np.flatnonzero(of_interface).astype(np.int32)
    return nodes, float(of_interface.sum()), of_interface[nodes] / of_border[nodes]


def _centroid(
    solution: "Solution", key: str, region: str, of_region: NDArray[np.bool_]
) -> float | None:
    from scipy.spatial import cKDTree

    model = solution.model
    points = solution.site_points[of_region]
    distances = {}
    for name, facets in model.mesh.interfaces.items():
        if region in name.split("|"):
            corners = model.mesh.points[np.unique(facets)]
            distances[name] = cKDTree(corners).query(points)[0]
    for name in _charged_sides(model):
        corners = model.mesh.points[np.unique(model.mesh.facets_of(name))]
        distances[f"side {name}"] = cKDTree(corners).query(points)[0]
    nearest = np.minimum.reduce(list(distances.values()))
    mine = distances[key] <= nearest
    weight = np.abs(solution["charge_density"].values[of_region] * solution.site_volume[of_region])[
        mine
    ]
    total = weight.sum()
    mobile = sum(abs(c.charge) * c.density for c in model.materials[region].carriers)
    if total <= 1e-12 * elementary_charge * mobile * solution.site_volume[of_region].sum():
        return None
    return float((weight * distances[key][mine]).sum() / total)


def _charged_sides(model: "Model") -> list[str]:
    """Return the outer sides with a layer of their own: electrodes and charged sides.

    A contact at the neutral potential holds no charge worth a layer.
    """
    return [
        name
        for name, law in model.contacts.items()
        if (isinstance(law, BlockingContact) and law.surface_charge != 0.0)
        or (
            isinstance(law, PotentialContact | ReservoirContact)
            and law.potential not in (None, "neutral")
        )
    ]
