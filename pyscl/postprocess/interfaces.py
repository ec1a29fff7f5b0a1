"""Space charge and bound charge on both sides of an interface."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge, epsilon_0

from pyscl.boundaries import Interface
from pyscl.errors import unknown_name
from pyscl.facets import facet_measure
from pyscl.materials import Material
from pyscl.postprocess.along import Along
from pyscl.postprocess.borders import border_measures
from pyscl.postprocess.layer_side import LayerSide
from pyscl.postprocess.layers import LayerQuantities
from pyscl.postprocess.surfaces import surface_density, total_polarization
from pyscl.postprocess.zones import zone

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution


@dataclass(frozen=True)
class SideResult(LayerQuantities):
    """The space charge layer in one region along an interface, an electrode or a charged side.

    Potential drop, widths, excess, fields, capacitance and depleted share are those of
    `LayerQuantities`.

    Attributes:
        region: the region of this side.
        charge: space charge of the layer per interface area [C/m2]: the displacement that enters
            the region through the interface, by the discrete Gauss law of the region. Where
            three regions meet, the displacement of the common node is divided by facet length,
            so that short interfaces with many triple points are accurate to a few per cent only.
            On a floating conductor it is the charge of its surface.
        width: centroid width, the distance of the centroid of |charge density| from the interface
            [m] over the points of the region that are nearest to this interface; equals the Debye
            length for a weak planar layer, half the width of a fully depleted one. None without
            space charge.
        least: carrier -> smallest site fraction of the nodes on the interface, not of the layer.
        most: carrier -> largest site fraction of the nodes on the interface.
        bound_charge: mean bound charge of this side [C/m2]: P . n out of the region, P = D - eps0 E
            of the triangles along the interface.
    """

    region: str
    charge: float
    width: float | None
    least: dict[str, float]
    most: dict[str, float]
    bound_charge: float
    _side: LayerSide = field(repr=False, compare=False)


@dataclass(frozen=True)
class InterfaceResult:
    """Results along an interface "a|b".

    Attributes:
        name: "a|b", the regions in the order of the alphabet.
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

    @property
    def potential_drop(self) -> Along:
        """Potential of the bulk of the second side minus that of the first [V].

        In the order of `name`, which is that of the alphabet whatever was asked for.
        With all layers and the drop over a coating or compact layer between them.
        """
        first, second = (side._side for side in self.sides)
        reasons = [side._no_bulk for side in self.sides if side.potential_drop.mean is None]
        return first.mean(second.bulk - first.bulk, "; ".join(reasons))

    @property
    def planar_capacitance(self) -> float | None:
        """Capacitance of the layers of both sides in series [F/m2]; None unless both have one.

        Of their means, see `LayerQuantities.planar_capacitance`; without a coating or compact
        layer between them.
        """
        values = [side.planar_capacitance.mean for side in self.sides]
        if any(value is None for value in values):
            return None
        return float(1.0 / sum(1.0 / value for value in values if value is not None))

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
    first, second = (side_result(solution, key, region) for region in key.split("|"))
    phi = solution["potential"].values
    mean = sum((phi[s._side.ends] * share).sum() for s in (first, second)) / (2.0 * share.sum())
    unit = "m" if model.coordinates == "planar" else "m^2"
    return InterfaceResult(key, float(share.sum()), unit, float(mean), (first, second))


def side_result(solution: "Solution", key: str, region: str) -> SideResult:
    """Evaluate one side of an interface, electrode or charged side; the names must exist."""
    model = solution.model
    side = LayerSide(solution, key, region)
    nodes, measure, _ = share_of_nodes(model, key, region)
    on_interface, _ = facing_sites(solution, region, nodes)
    fractions = {
        carrier: values
        for carrier in model.carriers
        if not np.isnan(values := solution.site_fraction(carrier)[on_interface]).any()
    }
    bound, share = surface_density(solution, total_polarization(solution), side.triangle_sides)
    return SideResult(
        region=region,
        charge=-entering_displacement(solution, key, region) / measure,
        width=_centroid(solution, key, region),
        least={carrier: float(y.min()) for carrier, y in fractions.items()},
        most={carrier: float(y.max()) for carrier, y in fractions.items()},
        bound_charge=float(bound @ share / share.sum()),
        _side=side,
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
    of_interface, of_border = border_measures(model, key, region)
    nodes = np.flatnonzero(of_interface).astype(np.int32)
    return nodes, float(of_interface.sum()), of_interface[nodes] / of_border[nodes]


def _centroid(solution: "Solution", key: str, region: str) -> float | None:
    """Return the distance of the centroid of |charge density| from a place [m]."""
    model, here = solution.model, zone(solution.model, key, region)
    rho, volume = solution["charge_density"].values[here.sites], solution.site_volume[here.sites]
    weight = np.abs(rho * volume) * here.weight
    total = weight.sum()
    mobile = sum(abs(c.charge) * c.density for c in model.materials[region].carriers)
    size = solution.site_volume[solution.site_region == model.mesh.region_names.index(region)].sum()
    if total <= 1e-12 * elementary_charge * mobile * size:
        return None
    return float((weight * here.distance).sum() / total)
