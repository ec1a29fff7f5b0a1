"""How charges and currents of a state follow an infinitely slow change of a contact's voltage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError
from pyscl.polarization import POLAR
from pyscl.postprocess.contacts import contact_dofs
from pyscl.study.impedance.drive import Drive, contact_groups, find_drive
from pyscl.study.impedance.linearized import LinearizedModel
from pyscl.study.steady import check_steady

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_SLOWER = 1e-3  # each rate than the one before, and the first one than anything in the model
_MOST_RATES = 6
_LONGEST = 1e60  # scaled time; beyond it nothing is resolved
_SETTLED = 1e-3  # largest relative change from one rate to the next
_INACCURATE = 1e-2  # rounding error of unknowns, relative to a voltage
_ROUNDING = 1e4 * float(np.finfo(float).eps)  # of a charge, relative to one across a single element
_FOLLOWS = 1e-9  # voltage between two contacts, relative to what drives one of them: rounding


@dataclass(frozen=True)
class StaticResponse:
    """Derivatives of charges and currents with respect to the voltage of a contact.

    What a steady state becomes under a slightly higher voltage, by exact linearisation: the limit
    of a voltage that rises like e^(rate t) with rate -> 0.

    Attributes:
        contact: the contact whose voltage changes; all others are held, but for open ones.
        reference: the contact its voltage is measured against; None: all others.
        open_contacts: pass no current; their voltage follows.
        charges: contact -> d(charge on it)/dV [F/m] (planar) or [F] (axisymmetric).
        capacitance: charge that flows into the model through the contact per voltage, with what
            carriers store [F/m] or [F]; NaN where direct current passes the contact.
        conductances: carrier -> d(current into the model through the contact)/dV [S/m] or [S], 0
            for carriers that find no way from it to another contact. Contacts that share nodes
            with it count as one with it.
        rate: of the slow rise at which this was computed [1/s].
        rounding: estimate of the relative rounding error: by how much the unknowns miss a voltage
            that all contacts have in common.
    """

    contact: str
    reference: str | None
    open_contacts: tuple[str, ...]
    charges: dict[str, float]
    capacitance: float
    conductances: dict[str, float]
    rate: float
    rounding: float

    @property
    def conductance(self) -> float:
        """Differential direct-current conductance of the contact [S/m] or [S]."""
        return sum(self.conductances.values())


def static_response(
    solution: "Solution",
    contact: str | None = None,
    *,
    reference: str | None = None,
    open_contacts: Sequence[str] = (),
) -> StaticResponse:
    """Return how a state follows a slow change of a voltage; see `Solution.static_response`.

    The first rate is so small that the slowest process of the state follows: that of everything
    it can store behind the resistances of all its elements in series. It is lowered further until
    nothing changes any more.

    Raises:
        InputError: see `Solution.static_response`.
    """
    model = solution.model
    drive = find_drive(model, contact, reference, open_contacts)
    check_steady(model, {})
    linearized = LinearizedModel(solution)
    before: StaticResponse | None = None
    for rate in _rates(linearized):
        now = _respond(linearized, drive, rate)
        if before is not None and _settled(before, now, _charge_noise(model)):
            if now.rounding > _INACCURATE:
                break
            _check_at_rest(linearized, rate)
            return now
        before = now
    raise InputError(
        f"the static response to the voltage of contact '{drive.contact}' is lost in rounding, or "
        f"does not settle (error {100.0 * now.rounding:.2g} % at a rate of {rate:.2g} 1/s): some "
        "part of the model, or the kinetics at its border, conducts too little beside its finest "
        "elements. Coarsen these where nothing changes over them, or take an impedance at a low "
        "frequency"
    )


def passing_carriers(
    model: "Model", contact: str, open_contacts: Sequence[str] = ()
) -> frozenset[str]:
    """Return the carriers that find a way from a contact to another one that is not open."""
    group = contact_groups(model)
    found = set()
    for component in model.conditions.components:
        ends = {group[name] for name in component.reservoirs if name not in open_contacts}
        if group[contact] in ends and len(ends) > 1:
            found.add(model.carriers[component.carrier])
    return frozenset(found)


def _rates(linearized: LinearizedModel) -> Iterator[float]:
    """Yield falling rates [1/s], the first one far below that of the slowest process."""
    slowest = _slowest_time(linearized) * linearized.solution.model.discretized.scaling.time
    for power in range(1, _MOST_RATES + 1):
        yield _SLOWER**power / slowest


def _slowest_time(linearized: LinearizedModel) -> float:
    """Return an upper bound of the time in which carriers find their places, in scaled units.

    It is the storage of all sites times the resistance of the best conducting tree of edges and
    junctions that joins them.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    core, n = linearized.core, linearized.solution.model.discretized.n_dofs
    dofs, gradients = core.flux_dofs, core.flux_gradients
    if not len(dofs):
        return 1.0
    conductance = 0.5 * (np.abs(gradients[:, 1]) + np.abs(gradients[:, 3]))
    # Parallel links between the same unknowns add up, in whichever direction they are listed.
    ends = np.sort(dofs[:, [1, 3]], axis=1)
    links = coo_array((conductance, (ends[:, 0], ends[:, 1])), shape=(n, n)).tocsr()
    links.sum_duplicates()
    links.data[links.data <= 1.0 / _LONGEST] = 0.0  # joins nothing
    links.eliminate_zeros()
    links.data = 1.0 / links.data
    resistance = minimum_spanning_tree(links).sum()
    return float(np.clip(resistance * core.capacities.sum(), 1.0, _LONGEST))


def _respond(linearized: LinearizedModel, drive: Drive, rate: float) -> StaticResponse:
    model = linearized.solution.model
    unknowns, admittance = linearized.solve(rate)
    driven = linearized.drive(unknowns, admittance, drive)
    voltage = driven.voltage.real
    if not abs(voltage) > _FOLLOWS:
        raise InputError(
            f"contact '{drive.contact}' has no voltage against '{drive.reference}', which follows "
            "it; choose another reference, or hold another contact"
        )
    scaling = model.discretized.scaling
    charge, flow = linearized.rows(np.ascontiguousarray(driven.unknowns.real))
    dofs = {name: contact_dofs(model, name) for name in linearized.contacts}
    group = contact_groups(model)
    # What enters here leaves at the others, where no large flows cancel in the sum.
    held = [
        name
        for name in linearized.contacts
        if group[name] != group[drive.contact] and name not in drive.open_contacts
    ]
    passing = passing_carriers(model, drive.contact, drive.open_contacts)
    farad = scaling.charge / scaling.potential / voltage
    siemens = scaling.current / scaling.potential / voltage
    numbers = linearized.solution.charge_number
    conductances = {
        carrier: -sum(dofs[name].outflow(flow, k) for name in held) * float(numbers[k]) * siemens
        if carrier in passing
        else 0.0
        for k, carrier in enumerate(model.carriers)
    }
    stored = driven.current.real / (rate * scaling.time) * farad
    return StaticResponse(
        contact=drive.contact,
        reference=drive.reference,
        open_contacts=drive.open_contacts,
        charges={name: its.charge(charge) * farad for name, its in dofs.items()},
        capacitance=float("nan") if passing else stored,
        conductances=conductances,
        rate=rate,
        rounding=_rounding(linearized, unknowns.real.sum(axis=0)),
    )


def _rounding(linearized: LinearizedModel, common: FloatArray) -> float:
    """Return by how much the response (n_dofs,) to a common voltage misses it.

    Phi follows it, and mu its multiple by the charge number: nothing else changes. Polarization
    counts in the core's unit.
    """
    carrier = linearized.solution.model.discretized.core.dof_carrier
    exact = np.where(carrier <= POLAR, 0.0, 1.0)
    exact[carrier >= 0] = linearized.solution.charge_number[carrier[carrier >= 0]]
    return float(np.abs(common - exact).max())


def _settled(before: StaticResponse, now: StaticResponse, noise: dict[str, float]) -> bool:
    """Whether two responses agree, charges up to their rounding [F/m] or [F]."""
    charges = all(
        abs(now.charges[name] - before.charges[name]) <= _SETTLED * abs(value) + noise[name]
        for name, value in now.charges.items()
    )
    total = sum(abs(value) for value in now.conductances.values())
    currents = all(
        abs(now.conductances[name] - before.conductances[name]) <= _SETTLED * total
        for name in now.conductances
    )
    stored = abs(now.capacitance - before.capacitance)  # NaN where direct current passes
    return charges and currents and not stored > _SETTLED * abs(now.capacitance)


def _charge_noise(model: "Model") -> dict[str, float]:
    """Return contact -> rounding of its charge per voltage [F/m] or [F].

    Relative to the charge of a voltage between the contact and the first elements beside it.
    """
    scaling = model.discretized.scaling
    noise: dict[str, float] = {}
    for name in model.discretized.terminals:
        mine = contact_dofs(model, name)
        step = np.zeros(model.discretized.n_dofs)
        step[mine.phi] = 1.0
        beside = mine.charge(model.conditions.at_rest.displacement(step))
        noise[name] = _ROUNDING * abs(beside) * scaling.charge / scaling.potential
    return noise


def _check_at_rest(linearized: LinearizedModel, rate: float) -> None:
    try:
        linearized.check_at_rest(rate / (2.0 * np.pi))
    except InputError as error:
        raise InputError(
            f"{error}. A static response is that of a steady state; take one (Model.steady)"
        ) from error
