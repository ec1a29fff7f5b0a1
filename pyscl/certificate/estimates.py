r"""Discretisation errors of the headline numbers: charges of layers, currents, resistance.

"local" reads them off the solution. Across a plane layer the lumped equations have a first
integral: with f = -rho/eps and the nodes 0, 1, ... from the interface on, element k between nodes
k - 1 and k of size h_k,

    Q^2 = 2 T + 1/4 sum_k h_k^2 (f_{k-1}^2 - f_k^2),   T = trapezoidal rule for the integral f dphi

in place of Q^2 = 2 int f dphi, for any statistics and any mesh. The sum and the error of the rule,
(h E)^2/12 times the change of df/dphi per element, are the error; for a weak layer they make
h^2/(8 L^2) of the charge, L the Debye length. Triangles take the place of the elements, their size
being that along the field. (Averaging gradients onto nodes is one-sided exactly at the interface,
where the layer is.) The resistance errs by the curvature of the potential inside the elements,
h^2/12 z e rho/(eps kT), weighted by the heat they make. Corners of interfaces, and interfaces that
are curved, have errors of their own, which only "refined" sees.

"refined" solves once more on a mesh of four times the elements: values change with the square of
the size, so that the error is 4/3 of the difference (L. F. Richardson, Phil. Trans. R. Soc. A 226
(1927) 299).
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.certificate.certificate import ErrorEstimate
from pyscl.certificate.check import Check, at_most, not_applicable
from pyscl.certificate.evidence import Evidence
from pyscl.certificate.resolution import layer_elements
from pyscl.materials import Hysteresis
from pyscl.postprocess.resistance import effective_resistance

if TYPE_CHECKING:
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]
Headline = dict[tuple[str, str], tuple[float, str]]
"""(quantity, place) -> (value, unit)."""

ACCURATE = 0.05
USELESS = 0.5
"""Relative error from which the check warns, and from which it fails."""

LOWER_BOUND = (
    " It is that of plane layers: a lower bound at corners, curved interfaces and triple points, "
    "where the method 'refined' tells more."
)
_COUNTS = 1e-3  # of the largest layer charge or current: smaller ones have no say in the check
_ZERO = 1e-9
_TO_LIMIT = 4.0 / 3.0
_NAME = "discretisation error"


def estimated(evidence: Evidence, method: str) -> tuple[list[ErrorEstimate], Check]:
    """Return the headline numbers with their errors, and the check of the largest error.

    Args:
        evidence: the state.
        method: "local" or "refined".
    """
    values = headline(evidence.solution)
    if not values:
        return [], not_applicable(_NAME, "There is no layer and no current.")
    if method == "refined":
        refused = _not_refined(evidence.solution)
        if refused:
            return [], not_applicable(_NAME, refused)
        errors = _by_refinement(evidence.solution, values)
    else:
        errors = _local(evidence, values)
    found = [
        ErrorEstimate(quantity, place, value, unit, errors[quantity, place], method)
        for (quantity, place), (value, unit) in values.items()
        if (quantity, place) in errors
    ]
    largest = {e.quantity: 0.0 for e in found}
    for e in found:
        largest[e.quantity] = max(largest[e.quantity], abs(e.value))
    # what is zero but for rounding has no error worth telling
    found = [e for e in found if abs(e.value) > _ZERO * largest[e.quantity]]
    return found, _check(found, largest)


def headline(solution: "Solution") -> Headline:
    """Return layer charges, contact currents and effective resistance of a state [SI]."""
    model = solution.model
    values: Headline = {}
    for name in model.mesh.interfaces:
        if not model.is_material_boundary(name):
            continue
        for side in solution.interface(name).sides:
            if model.materials[side.region].carriers:
                values["layer charge", f"{name}, {side.region}"] = (side.charge, "C/m^2")
    if solution.kind != "steady":
        return values
    for name in model.contacts:
        result = solution.contact(name)
        if result.current:
            values["contact current", name] = (float(result.current), result.unit)
    resistance = effective_resistance(solution)
    if resistance is not None:
        unit = "Ohm m" if model.coordinates == "planar" else "Ohm"
        values["effective resistance", ""] = (float(resistance), unit)
    return values


def _check(found: list[ErrorEstimate], largest: dict[str, float]) -> Check:
    counting = [e for e in found if e.relative and abs(e.value) > _COUNTS * largest[e.quantity]]
    worst = max(counting, key=lambda e: e.relative or 0.0, default=None)
    place = f"{worst.quantity}{f', {worst.place}' if worst.place else ''}" if worst else ""
    value = worst.relative or 0.0 if worst else 0.0
    if not all(np.isfinite(e.error) for e in found):
        value = float("nan")
    bound = any(e.method == "local" for e in found)
    return at_most(
        _NAME,
        value,
        ACCURATE,
        "Largest estimated relative error of layer charges, contact currents and effective "
        f"resistance by the mesh; refine the mesh there. Above {USELESS:.0%} it fails."
        f"{LOWER_BOUND if bound else ''}",
        place=place,
        warn_only=value <= USELESS,
    )


# From the solution itself.


def _local(evidence: Evidence, values: Headline) -> dict[tuple[str, str], float]:
    errors = {}
    layers = {
        region: _charge_errors(evidence, region)
        for region in {place.split(", ")[1] for name, place in values if name == "layer charge"}
    }
    transport = _transport_error(evidence)
    for (quantity, place), (value, _) in values.items():
        if quantity == "layer charge":
            interface = place.split(", ")[0]
            sides = [its[interface] for its in layers.values() if interface in its]
            drop = sum(drop for _, drop in sides)
            if drop > 0.0:  # both layers share one step of the potential
                errors[quantity, place] = abs(value * sum(e * d for e, d in sides) / drop)
        else:
            errors[quantity, place] = abs(value) * transport
    return errors


def _charge_errors(evidence: Evidence, region: str) -> dict[str, tuple[float, float]]:
    """Return relative error of the charge, and potential drop, of the layers of a region.

    By interface, for a given drop; it is times the length of the interface [V m] or [V m2].
    """
    from scipy.spatial import cKDTree

    e, mesh = evidence, evidence.model.mesh
    here = mesh.regions_of(region)
    _, height, weight = layer_elements(e, here)
    charged = weight > 0.0
    own = {name: facets for name, facets in mesh.interfaces.items() if region in name.split("|")}
    if not charged.any() or not own:
        return {}
    sites, eps = e.sites[here][charged], e.permittivity[here][charged]
    f = np.abs((e.site_charge / e.volume)[sites]) / eps[:, None]
    slope = e.screening[sites] / eps[:, None]
    near, far = f.argmax(axis=1), f.argmin(axis=1)
    row = np.arange(len(f))
    h = height[charged]
    drop = np.hypot(*e.field[here][charged].T) * h
    width = e.geometry.volume[here][charged] / h
    lumping = 0.25 * h**2 * (f[row, near] ** 2 - f[row, far] ** 2)
    rule = drop**2 / 6.0 * (slope[row, near] - slope[row, far])
    square = 2.0 * f.mean(axis=1) * drop
    middle = mesh.points[mesh.triangles[here][charged]].mean(axis=1)
    distance = np.array(
        [cKDTree(mesh.points[np.unique(facets)]).query(middle)[0] for facets in own.values()]
    )
    nearest = distance.argmin(axis=0)
    found = {}
    for number, name in enumerate(own):
        mine = nearest == number
        total = float((width * square)[mine].sum())
        if total > 0.0:
            error = 0.5 * abs(float((width * (lumping + rule))[mine].sum())) / total
            found[name] = (error, float((width * drop)[mine].sum()))
    return found


def _transport_error(evidence: Evidence) -> float:
    """Return the relative error of currents at given voltages, and of the resistance."""
    e, mesh = evidence, evidence.model.mesh
    heat = np.zeros(mesh.n_triangles)
    bent = np.zeros(mesh.n_triangles)
    density = np.abs(e.site_charge / e.volume)[e.sites].mean(axis=1)
    size = np.hypot(*e.field.T)
    along = np.divide(e.field, size[:, None], out=np.zeros_like(e.field), where=size[:, None] > 0.0)
    height = np.ptp(np.einsum("tac,tc->ta", mesh.points[mesh.triangles], along), axis=1)
    first, second = e.edge_ends()
    for number, carrier in enumerate(e.model.carriers):
        current, _ = e.edge_currents(carrier)
        mu, z = e.mu(carrier), float(e.solution.charge_number[number])
        power = np.nan_to_num(current * (mu[first] - mu[second]) / z).sum(axis=1)
        heat += power
        bent += power * abs(z) * height**2 * density / (12.0 * e.permittivity * e.kt)
    total = float(heat.sum())
    return float(bent.sum()) / total if total > 0.0 else 0.0


# From a finer mesh.


def _not_refined(solution: "Solution") -> str:
    """Return why a state cannot be solved on a finer mesh, or an empty text."""
    if solution.kind == "transient":
        return "A state in time depends on its past; repeat the transient on a finer mesh."
    if any(isinstance(m.polarization, Hysteresis) for m in solution.model.materials.values()):
        return "A hysteresis depends on its past; repeat the study on a finer mesh."
    return ""


def _by_refinement(solution: "Solution", values: Headline) -> dict[tuple[str, str], float]:
    finer = headline(refined(solution))
    return {
        key: _TO_LIMIT * abs(finer[key][0] - value)
        for key, (value, _) in values.items()
        if key in finer
    }


def refined(solution: "Solution") -> "Solution":
    """Return the same state on a mesh whose triangles are cut into four.

    Raises:
        ConvergenceError: it was not found from the state at hand.
    """
    from pyscl.adaptivity import on_refined, prolonged, refine_uniformly

    model = solution.model
    refinement = refine_uniformly(model.mesh)
    fine = on_refined(model, refinement)
    start = prolonged(solution, fine, refinement)
    if solution.kind == "equilibrium":
        return fine.equilibrium(start)
    return fine.steady(solution.bias, start)
