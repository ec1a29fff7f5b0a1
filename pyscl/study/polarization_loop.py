"""Loops of films and of inclusions at rest: the voltages, and the state at each of them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.boundaries import PotentialContact, ReservoirContact
from pyscl.errors import ConvergenceError, InputError
from pyscl.loops import JUMP, LoopRecord, PolarizationLoop, polar_region
from pyscl.study.steady import check_steady
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.polar_states import PolarStart
    from pyscl.solution import Solution
    from pyscl.study.newton import SolverOptions

FloatArray = NDArray[np.float64]


def polarization_loop(
    model: "Model",
    contact: str,
    amplitude: float | str,
    *,
    points: int = 40,
    cycles: int = 1,
    region: str | None = None,
    direction: ArrayLike | None = None,
    resolution: float | str | None = None,
    start: "Solution | None" = None,
    polarization: "Mapping[str, PolarStart] | PolarStart | None" = None,
    keep: bool = False,
    options: "SolverOptions | None" = None,
) -> PolarizationLoop:
    """Compute an infinitely slow loop: at every voltage everything comes to rest.

    The voltage goes from that of the start to +amplitude, and `cycles` times to -amplitude and
    back. Each state starts from the one before.

    Args:
        model: the model.
        contact: the contact whose voltage changes; the others stay at theirs.
        amplitude: largest voltage added to the contact [V], or text with a unit.
        points: voltages on the way from +amplitude to -amplitude.
        cycles: number of closed loops; the first may depend on the start.
        region: the region; default: the only one with a hysteresis or a Landau energy.
        direction: (x, y) along which field and polarization are taken; default: that in which a
            positive voltage drives.
        resolution: where the polarization jumps, the voltage is bisected until it is known up to
            this [V]; default: `points` decide.
        start: state to start from; default: the one without bias.
        polarization: of ferroelectric regions at the start, as in `Model.equilibrium`.
        keep: whether the states are kept in `solutions`.
        options: tolerances and iteration limits.

    Raises:
        InputError: a bad contact, region, direction or number.
        ConvergenceError: a state failed; `error.partial` is the loop up to it.
    """
    top = parse(amplitude, "V")
    finest = top if resolution is None else parse(resolution, "V")
    for name, value in (("amplitude", top), ("resolution", finest)):
        if not value > 0.0:
            raise InputError(f"the {name} of a loop must be above 0 V, not {value:g} V")
    for name, number, least in (("points", points, 4), ("cycles", cycles, 1)):
        if number < least:
            raise InputError(f"a loop needs {least} {name} or more, not {number}")
    check_loop(model, contact, region)
    record = LoopRecord(model, contact, region, direction, keep=keep)
    if resolution is None:
        finest = np.inf
    walk = _Walk(model, contact, record, finest, options)
    try:
        state = walk.begin(start, polarization)
        for branch, voltages in enumerate(_branches(walk.voltage_of(state), top, points, cycles)):
            for voltage in voltages:
                for reached in walk.to(state, voltage):
                    record.add(reached, branch)
                    state = reached
    except ConvergenceError as error:
        if record.voltage:
            error.partial = record.loop(walk.steps, walk.iterations)
        raise
    return record.loop(walk.steps, walk.iterations)


def check_loop(model: "Model", contact: str, region: str | None) -> None:
    """Refuse a loop of a contact without voltage, or of a region that is not there or not clear.

    Raises:
        InputError: says which contacts and regions there are.
    """
    check_steady(model, {contact: 0.0})
    law = model.contacts[contact]
    if isinstance(law, PotentialContact | ReservoirContact) and law.potential is None:
        raise InputError(
            f"contact '{contact}' holds no electric potential, so that its voltage drives no "
            "field; give it one, e.g. potential: 0 V"
        )
    polar_region(model, region)


class _Walk:
    """Goes from state to state and counts what it takes."""

    def __init__(
        self,
        model: "Model",
        contact: str,
        record: LoopRecord,
        resolution: float,
        options: "SolverOptions | None",
    ) -> None:
        self._model, self._contact, self._record = model, contact, record
        self._resolution, self._options = resolution, options
        self._others: dict[str, float] = {}
        self.steps = 0
        self.iterations = 0

    def begin(
        self,
        start: "Solution | None",
        polarization: "Mapping[str, PolarStart] | PolarStart | None",
    ) -> "Solution":
        """Return the first state and record it."""
        if start is not None:
            self._others = {n: v for n, v in start.bias.items() if n != self._contact}
        state = rest(self._model, start, polarization, self._options)
        self._count(state)
        self._record.add(state)
        return state

    def voltage_of(self, state: "Solution") -> float:
        return state.bias.get(self._contact, 0.0)

    def to(self, state: "Solution", voltage: float) -> Iterator["Solution"]:
        """Yield the states on the way to a voltage, bisecting steps in which P jumps."""
        begin = self.voltage_of(state)
        bias = {**self._others, self._contact: voltage}
        there = self._model.steady(bias, state, options=self._options)
        self._count(there)
        before, after = (self._record.means(s)[1] for s in (state, there))
        jumps = np.hypot(*(after - before)) > JUMP * self._record.scale
        if not jumps or abs(voltage - begin) <= self._resolution:
            yield there
            return
        for half in (0.5 * (begin + voltage), voltage):
            for reached in self.to(state, half):
                yield reached
                state = reached

    def _count(self, state: "Solution") -> None:
        self.steps += state.history.polarization_steps
        self.iterations += len(state.history.iterations)


def rest(
    model: "Model",
    start: "Solution | None",
    polarization: "Mapping[str, PolarStart] | PolarStart | None",
    options: "SolverOptions | None",
) -> "Solution":
    """Return the state at rest under the bias of the start, with a polarization put in."""
    from pyscl.polar_states import usual_start
    from pyscl.study.equilibrium import solve_frozen

    polarization = usual_start(model, start, polarization)
    if start is None:
        frozen = model.conditions.frozen()
        start = solve_frozen(model, model.conditions, frozen, None, options, polarization)
    elif polarization is not None:
        start = with_polarization(model, start, polarization)
    return model.steady(start.bias, start, options=options)


def with_polarization(
    model: "Model", state: "Solution", polarization: "Mapping[str, PolarStart] | PolarStart"
) -> "Solution":
    """Return a state with another polarization put in, not solved."""
    from pyscl.polar_states import start_polarization
    from pyscl.solution import Solution

    u = start_polarization(model, state.unknowns_for(model), polarization)
    return Solution(model, u, kind=state.kind, bias=state.bias, history=state.history)


def _branches(begin: float, top: float, points: int, cycles: int) -> Iterator[FloatArray]:
    """Yield the voltages of every branch [V], without the one it begins at."""
    step = 2.0 * top / points
    first = max(2, round((top - begin) / step))
    yield np.linspace(begin, top, first + 1)[1:]
    for _ in range(cycles):
        yield np.linspace(top, -top, points + 1)[1:]
        yield np.linspace(-top, top, points + 1)[1:]
