"""`certify`: all checks of a solution, a trajectory or a spectrum."""

import time
from collections.abc import Callable, Iterable
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from pyscl.certificate import balances, currents, numbers, prescribed
from pyscl.certificate.certificate import Certificate, ErrorEstimate
from pyscl.certificate.check import Check, at_most, failed, not_applicable
from pyscl.certificate.evidence import Evidence
from pyscl.certificate.residuals import Residuals
from pyscl.certificate.resolution import resolution
from pyscl.certificate.spectra import of_spectrum
from pyscl.certificate.tags import tags
from pyscl.errors import InputError, unknown_name
from pyscl.materials import Material
from pyscl.solution import Solution
from pyscl.spectrum import Spectrum
from pyscl.storage.header import TRAJECTORY, kind_of
from pyscl.trajectory import Trajectory

if TYPE_CHECKING:
    from pyscl.model import Model

Method = Literal["local", "refined", "none"]
METHODS = ("local", "refined", "none")

Certifiable = Solution | Trajectory | Spectrum
Found = Check | Iterable[Check] | None

_COARSE = ("elements per Debye length", "first elements per Debye length")
"""Checks that tell of the mesh, not of the state on it: its error can still be estimated."""


def certify(
    result: "Certifiable | str | PathLike[str]",
    model: "Model | None" = None,
    *,
    estimate: Method = "local",
) -> Certificate:
    """Check a result, independently of how it was computed, and estimate its errors.

    Balances are assembled again in numpy from the unknowns, site fractions come from the formulas
    of their laws, and what contacts and fields report is compared with that. Nothing is raised for
    a result that is wrong: its checks fail.

    Args:
        result: a solution, a trajectory (its last state, and conservation over time), a spectrum
            (the state that responds, and the spectrum), or a file with a solution (then also
            the fields in the file) or a trajectory.
        model: the model the result is meant for; default: its own. It must have the same mesh.
        estimate: of discretisation errors: "local" (cheap), "refined" (one solve on a mesh with
            four times the elements), or "none".

    Raises:
        InputError: an unknown way of estimating, or a file that cannot be read.
    """
    if estimate not in METHODS:
        raise unknown_name("way to estimate errors", estimate, METHODS)
    began = time.perf_counter()
    extra: list[Check] = []
    if isinstance(result, str | PathLike):
        path = Path(fspath(result))
        if kind_of(path) == TRAJECTORY:
            result = Trajectory.load(path)
        else:
            result = read = Solution.load(path)
            extra += _guarded("fields of the file", lambda: _fields_of_file(read, path))
    state, in_course = result, isinstance(result, Trajectory)
    if isinstance(result, Trajectory):
        from pyscl.certificate.course import course

        extra += _guarded("conservation over time", lambda: course(result))
        if not result.solutions:
            missing = failed("final state", "The trajectory holds no saved state.")
            return Certificate((*extra, missing), seconds=time.perf_counter() - began)
        state = result.final
    elif isinstance(result, Spectrum):
        extra += _guarded("spectrum", lambda: of_spectrum(result))
        state = result.solution
    assert isinstance(state, Solution)
    checks, estimates = _state(state, model, estimate)
    if in_course:  # looked at over all times; how the last state ended is told by the protocol
        over_time = ("convergence", "equal currents at both ends")
        checks = [check for check in checks if check.name not in over_time]
    return Certificate(
        checks=(*checks, *extra),
        estimates=tuple(estimates),
        assumptions=_assumptions(model or state.model),
        validity=tuple(_validity(model or state.model)),
        seconds=time.perf_counter() - began,
    )


def _state(
    solution: Solution, model: "Model | None", estimate: Method
) -> tuple[list[Check], list[ErrorEstimate]]:
    """Return the checks of a state and the estimated errors of its headline numbers."""
    reported = solution
    if model is not None and model is not solution.model:
        try:
            solution = _under(solution, model)
        except InputError as error:
            return [failed("unknowns of the model", str(error))], []
    checks = [numbers.finite_values(solution)]
    if checks[0].status == "failed":
        return [*checks, numbers.convergence(solution)], []
    checks.append(numbers.convergence(solution))
    if solution.kind == "transient" and solution.time is None:
        checks.append(failed("kind of the state", "A state in time must have a time."))
    evidence = Evidence(solution)
    made: list[Residuals] = []
    contacts = {}
    ordered: list[tuple[str, Callable[[], Found]]] = [
        ("tags of the mesh", lambda: tags(evidence)),
        ("bounds of the site fraction", lambda: numbers.bounds(reported)),
        ("statistics of the carrier", lambda: numbers.statistics(evidence, reported)),
        ("residual of Gauss's law", lambda: made.append(Residuals(evidence))),
    ]
    for name, evaluate in ordered:
        checks += _guarded(name, evaluate)
    if not made:
        return checks, []
    r = made[0]
    try:
        contacts = {name: reported.contact(name) for name in solution.model.contacts}
    except Exception as error:  # as in `_guarded`
        checks.append(failed("current of the contact", f"It cannot be evaluated: {error}"))
    rest: list[tuple[str, Callable[[], Found]]] = [
        ("reported fields", lambda: _reported(reported, evidence)),
        ("residual of Gauss's law", lambda: balances.local_balances(r)),
        ("Newton correction", lambda: numbers.newton_correction(solution)),
        ("balance of charge", lambda: balances.balance_of_charge(r, contacts)),
        ("Gauss closure", lambda: balances.gauss_closures(r)),
        ("law of the interface", lambda: balances.across_interfaces(r)),
        ("amount of the carrier", lambda: balances.amounts(r)),
        ("equilibrium of the carrier", lambda: balances.levels(r)),
        ("current of the contact", lambda: currents.currents(r, contacts)),
        ("voltage of the contact", lambda: prescribed.voltages(r)),
        ("level of the reservoir", lambda: prescribed.reservoirs(r)),
        ("periodic sides", lambda: prescribed.periodic_sides(r)),
        ("stability of the polarization", lambda: numbers.polarization_at_rest(solution)),
        ("elements per Debye length", lambda: resolution(evidence)),
    ]
    for name, evaluate in rest:
        checks += _guarded(name, evaluate)
    estimates: list[ErrorEstimate] = []
    wrong = [check.name for check in checks if check.status == "failed"]
    doubts = [name for name in dict.fromkeys(wrong) if name not in _COARSE]
    if estimate != "none" and doubts:
        why = f"The state itself is in doubt, its checks failed: {', '.join(doubts)}."
        checks.append(not_applicable("discretisation error", why))
    elif estimate != "none":
        from pyscl.certificate.estimates import estimated

        checks += _guarded(
            "discretisation error",
            lambda: _estimate_check(estimates, *estimated(evidence, estimate)),
        )
    return checks, estimates


def _estimate_check(
    into: list[ErrorEstimate], found: list[ErrorEstimate], check: Check | None
) -> Check | None:
    into += found
    return check


def _guarded(name: str, evaluate: Callable[[], Found]) -> list[Check]:
    """Return the checks of an evaluation; one that cannot be carried out has failed."""
    try:
        with np.errstate(all="ignore"):
            found = evaluate()
            if found is None:
                return []
            return [found] if isinstance(found, Check) else list(found)
    except Exception as error:  # whatever it is: after the solve a check must not end a run
        return [failed(name, f"It cannot be evaluated: {type(error).__name__}: {error}")]


def _under(solution: Solution, model: "Model") -> Solution:
    """Return a state as one of another model on the same mesh.

    Raises:
        InputError: the model has another mesh or other unknowns.
    """
    mine, its = solution.model.mesh, model.mesh
    if not (
        mine.points.shape == its.points.shape
        and np.array_equal(mine.triangles, its.triangles)
        and np.allclose(mine.points, its.points, rtol=1e-9, atol=0.0)
    ):
        raise InputError("the state was computed on another mesh than that of the model")
    return Solution(
        model,
        solution.unknowns_for(model),
        kind=solution.kind,
        bias=solution.bias,
        history=solution.history,
        time=solution.time,
        rates=solution.rates if solution.kind == "transient" else None,
    )


def _reported(reported: Solution, evidence: Evidence) -> Check:
    """Check the fields of the solution itself, also where it is judged by another model."""
    if reported is evidence.solution:
        return numbers.reported_fields(evidence)
    return numbers.reported_fields(Evidence(reported))


def _fields_of_file(solution: Solution, path: Path) -> Check:
    import h5py

    worst, name = 0.0, ""
    with h5py.File(path, "r") as file:
        stored = {key: np.asarray(file["fields"][key][()]) for key in file.get("fields", {})}
    for key in solution.field_names:
        wanted, given = solution[key].values, stored.get(key)
        if given is None or given.shape != wanted.shape:
            worst, name = float("inf"), key
            continue
        there = np.isfinite(wanted)
        size = float(np.abs(wanted[there]).max(initial=0.0)) or 1.0
        missed = float(np.abs(np.nan_to_num(given, nan=np.inf) - wanted)[there].max(initial=0.0))
        if not np.array_equal(there, np.isfinite(given)):
            missed = float("inf")
        if missed / size > worst:
            worst, name = missed / size, key
    return at_most(
        "fields of the file",
        worst,
        numbers.FIELDS,
        "Largest deviation of a field that is stored in the file from that of its unknowns"
        f"{f' ({name})' if name else ''}.",
    )


def _validity(model: "Model") -> list[str]:
    from pyscl.model_checks import quiet
    from pyscl.validity import validity_warnings

    with quiet():
        return validity_warnings(model)


def _assumptions(model: "Model") -> dict[str, str]:
    from pyscl.runner.summary import list_assumptions

    materials = dict(model.materials)
    for name, law in model.interfaces.items():
        if law.coating is not None and isinstance(law.coating.material, Material):
            materials[f"coating of {name}"] = law.coating.material
    return list_assumptions({"": materials})
