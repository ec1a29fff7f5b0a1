"""Connected parts of a carrier: what fixes their level, and whether current can flow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.constants import Avogadro
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pyscl.boundaries import Conserved
from pyscl.discretize import FloatArray, IntArray
from pyscl.errors import InputError
from pyscl.materials import Carrier
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model

SAME_LEVEL = 1e-9  # kT; levels closer than this are in equilibrium


@dataclass(frozen=True, eq=False)
class Component:
    """A connected part of one carrier: all its mu are equal where no current flows.

    Attributes:
        carrier: number of the carrier.
        dofs: (k,) its dofs of mu.
        regions: names of the regions it spans.
        reservoirs: contact -> level of mu it imposes without bias [kT].
        amount: the prescribed amount in scaled units, None if a reservoir sets the level.
    """

    carrier: int
    dofs: IntArray
    regions: tuple[str, ...]
    reservoirs: dict[str, float]
    amount: float | None

    def has_one_level(self, shift: Mapping[str, float]) -> bool:
        """Whether all its reservoirs agree when each is shifted [kT]; true without reservoirs."""
        levels = [level + shift.get(name, 0.0) for name, level in self.reservoirs.items()]
        return not levels or max(levels) - min(levels) <= SAME_LEVEL


def find_components(
    model: "Model",
    carrier: int,
    ties: IntArray,
    reservoirs: Mapping[str, tuple[IntArray, float]],
) -> list[Component]:
    """Return the connected parts of a carrier.

    Args:
        model: the model.
        carrier: number of the carrier.
        ties: (k, 2) dofs joined by periodic sides.
        reservoirs: contact -> (dofs it holds, level [kT]), of this carrier.

    Raises:
        InputError: a part without reservoir and without amount, or with both.
    """
    d = model.discretized
    corners = d.site_dofs[d.triangle_sites, carrier]
    corners = corners[corners[:, 0] >= 0]
    if not len(corners):
        return []
    ties = ties[np.isin(ties[:, 0], corners)]
    passages = [ends for number, ends in d.passages if number == carrier]
    joined = np.concatenate([corners[:, :2], corners[:, 1:], ties, *passages])
    i, j = joined.T
    graph = coo_array((np.ones(len(i), np.int8), (i, j)), shape=(d.n_dofs, d.n_dofs))
    _, label = connected_components(graph, directed=False)
    dof_of_site = d.site_dofs[:, carrier]
    found = []
    for part in np.unique(label[corners[:, 0]]):
        dofs = np.flatnonzero(label[: d.first_terminal_dof] == part).astype(np.int32)
        sites = np.flatnonzero(np.isin(dof_of_site, dofs)).astype(np.int32)
        regions = tuple(model.mesh.region_names[r] for r in np.unique(d.site_region[sites]))
        touching = {
            name: level for name, (held, level) in reservoirs.items() if np.isin(held, dofs).any()
        }
        amount = _amount(model, carrier, regions, dofs, bool(touching))
        found.append(Component(carrier, dofs, regions, touching, amount))
    _check_numbers(model, carrier, found)
    return found


def _amount(
    model: "Model", carrier: int, regions: tuple[str, ...], dofs: IntArray, has_reservoir: bool
) -> float | None:
    """Return the scaled amount of a part, or None if a reservoir sets its level."""
    name, place = model.carriers[carrier], ", ".join(regions)
    entries = [c for c in model.conserved if c.carrier == name and set(c.regions) & set(regions)]
    for entry in entries:
        _check_extent(name, regions, entry)
    if has_reservoir:
        if any(entry.amount != "neutral" for entry in entries):
            raise InputError(
                f"carrier '{name}' in region {place} is both conserved and connected to a "
                "reservoir; keep one of the two"
            )
        return None
    if not entries:
        raise InputError(
            f"carrier '{name}' in region {place} has neither a reservoir nor a given amount, "
            "so its level is undetermined; add a reservoir contact, or "
            f"conserved: [{{carrier: {name}, regions: [{place}], amount: neutral}}]"
        )
    if len(entries) > 1:
        raise InputError(f"the amount of '{name}' in region {place} is given twice")
    return _scaled_amount(model, name, entries[0], dofs)


def _check_extent(name: str, regions: tuple[str, ...], entry: Conserved) -> None:
    """The regions of an entry must cover the connected parts it holds."""
    extra = sorted(set(regions) - set(entry.regions))
    if extra:
        raise InputError(
            f"the conserved '{name}' of region {', '.join(entry.regions)} is connected to region "
            f"{', '.join(extra)}; list all regions it can reach, or block it at the interface"
        )


def _scaled_amount(model: "Model", name: str, entry: Conserved, dofs: IntArray) -> float:
    d = model.discretized
    number = model.carriers.index(name)
    sites = np.isin(d.core.site_dofs[:, number], dofs)  # also those of coatings
    volume, place = d.core.site_volume[sites], d.core.site_region[sites]

    def total(density: FloatArray) -> float:
        return float((volume * density[place]).sum())

    neutral = total(_densities(model, name, lambda c: c.density))
    if entry.amount == "neutral":
        return neutral
    unit = "mol" if d.scaling.axisymmetric else "mol/m"
    per_unit = d.scaling.density * d.scaling.volume / Avogadro
    scaled = parse(entry.amount, unit) / per_unit
    room = total(_densities(model, name, lambda c: c.site_density))
    if not 0.0 < scaled < room:
        raise InputError(
            f"amount {entry.amount} of '{name}' must lie between 0 and the "
            f"{room * per_unit:.4g} {unit} of its sites (the neutral amount is "
            f"{neutral * per_unit:.4g} {unit})"
        )
    return scaled


def _densities(model: "Model", name: str, density: Callable[[Carrier], float]) -> FloatArray:
    """Return a scaled density of a carrier by region of the core, 0 where it is absent."""
    regions = [model.materials[region] for region in model.mesh.region_names]
    values = [
        sum(density(c) for c in material.carriers if c.name == name) if material else 0.0
        for material in [*regions, *model.discretized.layers]
    ]
    return np.array(values) / model.discretized.scaling.density


def _check_numbers(model: "Model", carrier: int, components: list[Component]) -> None:
    """An amount given as a number belongs to one connected part only."""
    for entry in model.conserved:
        if entry.carrier != model.carriers[carrier] or entry.amount == "neutral":
            continue
        parts = [c for c in components if set(c.regions) & set(entry.regions)]
        if len(parts) > 1:
            raise InputError(
                f"the amount {entry.amount} of '{entry.carrier}' is given for {len(parts)} "
                "separate parts; use amount: neutral, or give them different region names"
            )


def level_for_amount(model: "Model", component: Component, u: FloatArray) -> float:
    """Return the uniform mu [kT] that gives a closed part its amount for the phi in u."""
    from scipy.optimize import brentq

    d = model.discretized
    sites = np.flatnonzero(np.isin(d.core.site_dofs[:, component.carrier], component.dofs))
    density = _densities(model, model.carriers[component.carrier], lambda c: c.site_density)
    capacity = d.core.site_volume[sites] * density[d.core.site_region[sites]]
    assert component.amount is not None
    wanted = np.log(component.amount)
    trial = u.copy()

    def defect(level: float) -> float:
        trial[component.dofs] = level
        y, _ = d.core.site_fractions(component.carrier, trial)
        with np.errstate(divide="ignore", over="ignore"):
            return float(np.clip(np.log((capacity * y[sites]).sum()) - wanted, -700.0, 700.0))

    low = high = float(u[component.dofs[0]])
    step = 1.0
    while defect(low) > 0.0 and step < 1e4:
        low, step = low - step, 2.0 * step
    step = 1.0
    while defect(high) < 0.0 and step < 1e4:
        high, step = high + step, 2.0 * step
    if defect(low) > 0.0 or defect(high) < 0.0:
        return float(u[component.dofs[0]])  # no such level: the solver will say so
    return float(brentq(defect, low, high, xtol=1e-10)) if high > low else low
