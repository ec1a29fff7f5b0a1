"""Checks of the numbers themselves: finite, converged, within bounds, as their laws say."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from pyscl import _core
from pyscl.certificate import occupation
from pyscl.certificate.check import Check, at_most, failed, not_applicable
from pyscl.certificate.evidence import Evidence
from pyscl.errors import InputError
from pyscl.polarization import MEMORY, POLAR
from pyscl.study.newton import SolverOptions

if TYPE_CHECKING:
    from pyscl.solution import Solution

CORRECTION = 1e-6  # kT, of a further Newton iteration, or of the last one of a solve
SOFT = 1e-4  # the same where a polarization is an unknown, which may be nearly neutral
LAW = 1e-8  # kT
FIELDS = 1e-9


def finite_values(solution: "Solution") -> Check:
    """Check that there is a finite number for every unknown of the model."""
    wanted, given = solution.model.discretized.n_dofs, np.shape(solution.unknowns)
    bad = int(np.count_nonzero(~np.isfinite(solution.unknowns))) + abs(wanted - given[0])
    return at_most(
        "finite values",
        float(bad),
        0.0,
        f"Number of unknowns that are missing or no finite numbers, of {wanted}.",
    )


def convergence(solution: "Solution") -> Check:
    """Check what the solve says of itself."""
    history = solution.history
    if not history.converged:
        return failed(
            "convergence", "The solve ended before its tolerance was met; this is no solution."
        )
    if not history.iterations:
        return Check(
            "convergence",
            "",
            None,
            "1",
            None,
            "warned",
            "The solve kept no history; only the other checks tell whether it converged.",
        )
    return at_most(
        "convergence",
        history.iterations[-1].update,
        _limit(solution),
        "Last update of Newton's method, as the solve recorded it.",
        unit="kT",
    )


def newton_correction(solution: "Solution") -> Check:
    """Check that one more Newton iteration would not move anything."""
    name = "Newton correction"
    if solution.kind == "transient":
        return not_applicable(name, "A state in time depends on the states before it.")
    model = solution.model
    d, conditions = model.discretized, model.conditions
    try:
        if solution.kind == "equilibrium":
            assembly = conditions.frozen()
        else:
            assembly = conditions.steady(solution.bias)
        assembly.start_from(solution.unknowns, 0.0)
        control = SolverOptions(max_iterations=1).control()
        newton = _core.NewtonIteration(d.node_rank)  # built-in, whoever solved
        result = newton.solve(assembly, solution.unknowns, control)
    except (InputError, ValueError) as error:
        return failed(name, f"The equations cannot be set up for this state: {error}")
    if result.converged and not result.steps:
        return not_applicable(name, "The state has no free unknown.")
    if not result.steps:
        return failed(name, f"A further Newton iteration fails: {result.reason}.")
    # What the constraints hold moves as soon as the state is put under them.
    held = np.abs(result.u - solution.unknowns)[d.core.dof_carrier > POLAR]
    step = result.steps[0]
    moved = max(step.phi_update, step.eta_update, step.polar_update)
    if not np.isfinite(moved) or not np.isfinite(held).all():
        moved = float("nan")
    return at_most(
        name,
        max(moved, float(held.max(initial=0.0))) if moved <= _limit(solution) else moved,
        _limit(solution),
        "What a further Newton iteration of the solver would change anywhere.",
        unit="kT",
    )


def _limit(solution: "Solution") -> float:
    polar = (solution.model.discretized.core.dof_carrier == POLAR).any()
    return SOFT if polar else CORRECTION


def bounds(solution: "Solution") -> Iterator[Check]:
    """Check that reported site fractions are between 0 and 1, or positive where nothing limits."""
    model = solution.model
    for carrier in model.carriers:
        y = solution[f"site_fraction_{carrier}"].values
        vacant = solution.vacant_fraction(carrier)
        excess, least = 0.0, np.inf
        for region in model.regions_with(carrier):
            its = model.materials[region].carrier(carrier)
            here = model.discretized.site_region == model.mesh.region_names.index(region)
            inside = y[here]
            least = min(least, float(np.nan_to_num(inside, nan=-np.inf).min()))
            if its.statistics.site_limited:
                empty = vacant[here]
                excess = max(excess, float(inside.max()) - 1.0)
                least = min(least, float(np.nan_to_num(empty, nan=-np.inf).min()))
        # y rounds to 1 where sites are full; the vacant share is then the smaller number
        bad = max(excess, 0.0) if least > 0.0 else max(excess, -least, np.finfo(float).tiny)
        yield at_most(
            "bounds of the site fraction",
            bad,
            0.0,
            "By how much occupied or vacant shares of the sites leave 0 to 1; the smallest share "
            f"is {least:.2g}.",
            place=carrier,
        )


def statistics(evidence: Evidence, solution: "Solution") -> Iterator[Check]:
    """Check that the site fractions a solution reports follow from mu and phi by their laws."""
    model = evidence.model
    for carrier in model.carriers:
        reported = solution[f"site_fraction_{carrier}"].values
        vacant = solution.vacant_fraction(carrier)
        for region in model.regions_with(carrier):
            its = model.materials[region].carrier(carrier)
            here = evidence.sites_in(region)
            missed = occupation.defect(
                its, model.temperature, evidence.eta(its, here), reported[here], vacant[here]
            )
            yield at_most(
                "statistics of the carrier",
                missed,
                LAW,
                f"Site fraction of {carrier} against the formula of its law "
                f"({its.statistics.law}) at the local mu - mu0 - z e phi.",
                place=region,
                unit="kT",
            )


def reported_fields(evidence: Evidence) -> Check:
    """Check the fields that users read against the same fields evaluated in numpy."""
    model, solution = evidence.model, evidence.solution
    worst, name = 0.0, ""
    pairs = [
        ("potential", evidence.phi, evidence.kt),
        ("electric_field", evidence.field, 0.0),
    ]
    gross = evidence.gross_charge / evidence.volume
    pairs.append(("charge_density", evidence.site_charge / evidence.volume, float(gross.max())))
    for carrier in model.carriers:
        pairs.append((f"electrochemical_potential_{carrier}", evidence.mu(carrier), evidence.kt))
    for field, wanted, floor in pairs:
        given = solution[field].values
        there = np.isfinite(wanted)
        if not np.array_equal(there, np.isfinite(given)):
            worst, name = float("inf"), field
            continue
        size = max(float(np.abs(wanted[there]).max(initial=0.0)), floor)
        missed = float(np.abs(given - wanted)[there].max(initial=0.0)) / size if size else 0.0
        if missed > worst:
            worst, name = missed, field
    for carrier in model.carriers:
        missed = _current_density(evidence, carrier)
        if missed > worst:
            worst, name = missed, f"current_density_{carrier}"
    return at_most(
        "reported fields",
        worst,
        FIELDS,
        "Largest deviation of a field from the same field evaluated in numpy, over its largest "
        f"value{f' ({name})' if name else ''}.",
    )


def _current_density(evidence: Evidence, carrier: str) -> float:
    """Return by how much a current density misses the fluxes along the edges, relative."""
    g = evidence.geometry
    if evidence.solution.kind == "equilibrium":  # exactly none
        given = evidence.solution[f"current_density_{carrier}"].values
        return float(np.abs(np.nan_to_num(given)).max(initial=0.0) > 0.0)
    current, scale = evidence.edge_currents(carrier)
    density = np.nan_to_num(evidence.solution[f"current_density_{carrier}"].values)
    leaving = -g.volume[:, None] * np.einsum("tc,tac->ta", density, g.gradients)
    # edge e runs from corner e + 1 to e + 2: corner a begins edge a + 2 and ends edge a + 1
    wanted = np.roll(current, -2, axis=1) - np.roll(current, -1, axis=1)
    noise = 1e-12 / FIELDS * scale.max(axis=1, initial=0.0)
    size = np.maximum(np.abs(current).max(initial=0.0), noise)
    missed = np.abs(leaving - wanted).max(axis=1)
    return float(np.divide(missed, size, out=np.zeros_like(missed), where=size > 0.0).max())


def polarization_at_rest(solution: "Solution") -> Check | None:
    """Check that a ferroelectric state is stable, as far as the solve found out."""
    carriers = solution.model.discretized.core.dof_carrier
    if not ((carriers == POLAR) | (carriers == MEMORY)).any():
        return None
    rate = solution.history.relaxation_rate
    if rate is None:
        return not_applicable(
            "stability of the polarization", "The slowest mode of the state was not computed."
        )
    return at_most(
        "stability of the polarization",
        -rate,
        0.0,
        "Growth rate of the slowest mode of the polarization around the state; positive for an "
        "unstable state. As the solve recorded it; walls that are as good in one place as in "
        "another are neutral.",
        unit="1/s",
        warn_only=True,
    )
