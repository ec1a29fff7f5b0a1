"""`PolarizationLoop`: polarization against voltage, and how it is collected state by state."""

import csv
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import InputError, unknown_name
from pyscl.facets import facet_measure
from pyscl.fields import displacement
from pyscl.materials import Hysteresis, Landau
from pyscl.polarization import triangle_volume

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution
    from pyscl.trajectory import Trajectory

FloatArray = NDArray[np.float64]

JUMP = 0.2
"""Change of the mean polarization over its scale that counts as a jump between two voltages."""

_NOT_A_UNIT_VECTOR = 1e-6
_CLOSED = 1e-3  # voltage between both ends of a cycle, over its range


@dataclass(frozen=True, eq=False)
class PolarizationLoop:
    """Mean polarization and field of a region while the voltage of a contact goes up and down.

    Polarization is D - eps0 E. The loop is a row of states; a branch is a way from one turning
    point of the voltage to the next, branch 0 the one from the start to the first of them.

    Attributes:
        contact: the contact whose voltage changes.
        region: the region that is looked at.
        direction: unit vector (x, y) along which `field` and `polarization` are taken.
        voltage: added to the contact (n,) [V].
        mean_field: mean of E in the region (n, 2) [V/m].
        mean_polarization: mean of D - eps0 E in the region (n, 2) [C/m2].
        displacement: charge on the contact per area (n,) [C/m2].
        work: that the field has done on the polarization since the start, per volume of the region,
            sum of the mean of E dP by the trapezoidal rule in every triangle (n,) [J/m3].
        branch: number of the branch that leads to each state (n,).
        steps: steps of the polarization, in pseudo-time or in time.
        iterations: of Newton's method.
        solutions: the states (n,) if they were kept, else the last one.
        has_memory: whether a region of the model has a memory (Landau, Hysteresis), without which
            there is no coercive field.
    """

    contact: str
    region: str
    direction: tuple[float, float]
    voltage: FloatArray
    mean_field: FloatArray
    mean_polarization: FloatArray
    displacement: FloatArray
    work: FloatArray
    branch: NDArray[np.int32]
    steps: int
    iterations: int
    solutions: tuple["Solution", ...] = field(default=(), repr=False)
    has_memory: bool = True

    @property
    def field(self) -> FloatArray:
        """Mean field in the region along the direction (n,) [V/m]."""
        return self.mean_field @ np.array(self.direction)

    @property
    def polarization(self) -> FloatArray:
        """Mean polarization of the region along the direction (n,) [C/m2]."""
        return self.mean_polarization @ np.array(self.direction)

    @property
    def final(self) -> "Solution":
        """The last state."""
        return self.solutions[-1]

    @property
    def n_branches(self) -> int:
        """Number of branches, with that from the start."""
        return int(self.branch[-1]) + 1

    def of_branch(self, number: int) -> NDArray[np.intp]:
        """Return the numbers of the states of a branch, with the one it begins at.

        Args:
            number: of the branch; negative ones count from the last one.
        """
        number = number + self.n_branches if number < 0 else number
        if not 0 <= number < self.n_branches:
            raise InputError(f"there is no branch {number}; the loop has {self.n_branches}")
        inside = np.flatnonzero(self.branch == number)
        return inside if number == 0 else np.append(inside[0] - 1, inside)

    @property
    def remanent_polarizations(self) -> tuple[float, float]:
        """Polarization at voltage 0 after the highest and after the lowest voltage [C/m2]."""
        falling, rising = (
            _at_zero(self.voltage[k], self.polarization[k], "voltage") for k in self._last_branches
        )
        return falling, rising

    @property
    def remanent_polarization(self) -> float:
        """Half the distance of both remanent polarizations [C/m2]."""
        falling, rising = self.remanent_polarizations
        return 0.5 * (falling - rising)

    @property
    def coercive_voltages(self) -> tuple[float, float]:
        """Voltage at which the polarization is 0 on the way down and on the way up [V].

        Where it jumps over 0 this is on the line between both states, see `coercive_brackets`.
        """
        falling, rising = (
            _at_zero(self.polarization[k], self.voltage[k], "polarization")
            for k in self._switching_branches
        )
        return falling, rising

    @property
    def coercive_brackets(
        self,
    ) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
        """Voltages between which the polarization jumps over 0, on the way down and up [V].

        None for a way on which it does not jump; the coercive voltage is between these voltages.
        """
        falling, rising = (
            _jump(self.polarization[k], self.voltage[k]) for k in self._switching_branches
        )
        return falling, rising

    @property
    def coercive_voltage(self) -> float:
        """Half the distance of both coercive voltages [V]."""
        falling, rising = self.coercive_voltages
        return 0.5 * (rising - falling)

    @property
    def coercive_fields(self) -> tuple[float, float]:
        """Mean field at which the polarization is 0 on the way down and on the way up [V/m].

        Without depolarisation then: where the polarization jumps over 0 and takes a depolarising
        field with it, this is the applied field at the jump.
        """
        falling, rising = (
            _at_zero(self.polarization[k], self.field[k], "polarization")
            for k in self._switching_branches
        )
        return falling, rising

    @property
    def coercive_field(self) -> float:
        """Half the distance of both coercive fields [V/m]."""
        falling, rising = self.coercive_fields
        return 0.5 * (rising - falling)

    @property
    def energy(self) -> float:
        """Work per volume of the region that its polarization dissipates in the last cycle [J/m3].

        Raises:
            InputError: the loop has no closed cycle.
        """
        if self.n_branches > 2:
            begin, end = self.of_branch(-2)[0], self.of_branch(-1)[-1]
            if abs(self.voltage[end] - self.voltage[begin]) <= _CLOSED * np.ptp(self.voltage):
                return float(self.work[end] - self.work[begin])
        raise InputError(f"the loop has {self.n_branches} branches, no closed cycle among them")

    @cached_property
    def _last_branches(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The states of the last branch down and the last one up, after a turning point each."""
        found = {}
        for number in range(1, self.n_branches):
            states = self.of_branch(number)
            found[bool(self.voltage[states[-1]] > self.voltage[states[0]])] = states
        if len(found) < 2:
            raise InputError(
                f"the loop has {self.n_branches} branches; it needs one up to the highest voltage, "
                "one down and one up again"
            )
        return found[False], found[True]

    @property
    def _switching_branches(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        if not self.has_memory:
            raise InputError(
                "no region has a polarization with a memory, Landau or Hysteresis, without which "
                "there is no coercive field"
            )
        return self._last_branches

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with units in the keys.

        None where the loop has no closed cycle, or no coercive field.
        """
        numbers = {
            "remanent polarizations [C/m^2]": "remanent_polarizations",
            "coercive voltages [V]": "coercive_voltages",
            "polarization jumps over 0 between [V]": "coercive_brackets",
            "coercive fields [V/m]": "coercive_fields",
            "energy of the loop [J/m^3]": "energy",
        }
        return {
            "contact": self.contact,
            "region": self.region,
            "direction": list(self.direction),
            "states": len(self.voltage),
            "branches": self.n_branches,
            "steps of the polarization": self.steps,
            "Newton iterations": self.iterations,
            "largest polarization [C/m^2]": float(np.abs(self.polarization).max()),
            **{key: self._or_none(name) for key, name in numbers.items()},
        }

    def _or_none(self, name: str) -> Any:
        try:
            value = getattr(self, name)
        except InputError:
            return None
        return list(value) if isinstance(value, tuple) else value

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per state, units in the column heads."""
        columns = {
            "branch": self.branch,
            "voltage [V]": self.voltage,
            "field [V/m]": self.field,
            "polarization [C/m^2]": self.polarization,
            "displacement [C/m^2]": self.displacement,
            "work [J/m^3]": self.work,
            "field x [V/m]": self.mean_field[:, 0],
            "field y [V/m]": self.mean_field[:, 1],
            "polarization x [C/m^2]": self.mean_polarization[:, 0],
            "polarization y [C/m^2]": self.mean_polarization[:, 1],
        }
        with open(path, "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(columns)
            for row in zip(*columns.values(), strict=True):
                table.writerow([f"{value:.12g}" for value in row])

    @classmethod
    def from_trajectory(
        cls,
        trajectory: "Trajectory",
        region: str | None = None,
        *,
        direction: ArrayLike | None = None,
    ) -> "PolarizationLoop":
        """Return the loop of a transient in which the voltage of its contact was swept.

        Args:
            trajectory: with enough saved states, such as those of TransientOptions(save="all").
            region: the region; default: the only one with a hysteresis or a Landau energy.
            direction: (x, y); default: that of the applied field.

        Raises:
            InputError: fewer than two saved states, or a bad region or direction.
        """
        if len(trajectory.solutions) < 2:
            raise InputError(
                f"the trajectory holds {len(trajectory.solutions)} saved states, which make no "
                'loop; save more of them, TransientOptions(save="all") or an interval'
            )
        contact = trajectory.settings["contact"]
        record = LoopRecord(trajectory.model, contact, region, direction, keep=True)
        for state in trajectory.solutions:
            record.add(state)
        counts = {name: int(trajectory.counts.get(name, 0)) for name in ("steps", "iterations")}
        return record.loop(branch=_turning(np.array(record.voltage)), **counts)


class LoopRecord:
    """Collects the states of a loop.

    Attributes:
        region: name of the region.
        scale: polarization of the size that occurs in the region [C/m2].
        voltage: of the states so far [V].
    """

    def __init__(
        self,
        model: "Model",
        contact: str,
        region: str | None,
        direction: ArrayLike | None,
        *,
        keep: bool = False,
    ) -> None:
        """Start without a state.

        Raises:
            InputError: an unknown region, or a direction that is no unit vector.
        """
        self._model, self._contact, self._keep = model, contact, keep
        self.region = polar_region(model, region)
        self._direction = None if direction is None else _unit_vector(direction)
        self._inside = model.mesh.region == model.mesh.region_names.index(self.region)
        volume = triangle_volume(model)
        self._share = volume[self._inside] / volume[self._inside].sum()
        self._everywhere = volume / volume.sum()
        self._area = float(facet_measure(model, model.mesh.facets_of(contact)).sum())
        self.scale = _scale(model, self.region)
        self.voltage: list[float] = []
        self._branch: list[int] = []
        self._means: list[FloatArray] = []
        self._displacement: list[float] = []
        self._work: list[float] = []
        self._solutions: list[Solution] = []
        self._last: tuple[FloatArray, FloatArray] | None = None

    def means(self, state: "Solution") -> FloatArray:
        """Return means of field, polarization in the region [SI] and field everywhere, (3, 2)."""
        everywhere = self._everywhere @ state["electric_field"].values
        return np.array([*(self._share @ values for values in self._inner(state)), everywhere])

    def _inner(self, state: "Solution") -> tuple[FloatArray, FloatArray]:
        """Return field and polarization of the triangles of the region, (k, 2)."""
        from scipy.constants import epsilon_0  # 0.1 s to import

        field = state["electric_field"].values[self._inside]
        return field, displacement(state)[self._inside] - epsilon_0 * field

    def add(self, state: "Solution", branch: int = 0) -> None:
        """Add a state."""
        field, polarization = self._inner(state)
        done = 0.0
        if self._last is not None:
            mean, change = 0.5 * (field + self._last[0]), polarization - self._last[1]
            done = self._work[-1] + float(self._share @ (mean * change).sum(axis=1))
        self._last = field, polarization
        self._work.append(done)
        self._means.append(self.means(state))
        self.voltage.append(state.bias.get(self._contact, 0.0))
        self._displacement.append(state.contact(self._contact).charge / self._area)
        self._branch.append(branch)
        if not self._keep:
            self._solutions.clear()
        self._solutions.append(state)

    def loop(
        self, steps: int, iterations: int, branch: NDArray[np.int32] | None = None
    ) -> PolarizationLoop:
        """Return the loop so far; `branch` (n,) instead of the recorded numbers."""
        means, voltage = np.array(self._means), np.array(self.voltage)
        return PolarizationLoop(
            self._contact,
            self.region,
            self._direction or _applied(voltage, means[:, 2]),
            voltage,
            means[:, 0],
            means[:, 1],
            np.array(self._displacement),
            np.array(self._work),
            np.array(self._branch, np.int32) if branch is None else branch,
            steps,
            iterations,
            tuple(self._solutions),
            any(
                isinstance(m.polarization, Landau | Hysteresis)
                for m in self._model.materials.values()
            ),
        )


def polar_region(model: "Model", region: str | None) -> str:
    """Return the region whose polarization is meant; any region may be named.

    Raises:
        InputError: it does not exist, or is one of several.
    """
    if region is not None:
        if region not in model.materials:
            raise unknown_name("region", region, model.materials)
        return region
    laws = {
        name: material.polarization
        for name, material in model.materials.items()
        if material.polarization is not None or name in model.fixed_polarization
    }
    switching = [name for name, law in laws.items() if isinstance(law, Landau | Hysteresis)]
    candidates = switching or list(laws)
    if len(candidates) == 1:
        return candidates[0]
    several = ", ".join(sorted(candidates or model.materials))
    raise InputError(
        f"name the region of the polarization: one of {several}"
        if candidates
        else f"all regions are linear; name the one that is looked at: one of {several}"
    )


def _scale(model: "Model", region: str) -> float:
    """Return a polarization of the size that occurs in a region [C/m2]; inf if it has no jumps."""
    law = model.materials[region].polarization
    if isinstance(law, Landau):
        return law.scale(model.temperature)
    return law.saturation if isinstance(law, Hysteresis) else np.inf


def _unit_vector(direction: ArrayLike) -> tuple[float, float]:
    given = np.asarray(direction, dtype=float)
    if given.shape != (2,) or not np.isfinite(given).all():
        raise InputError(f"direction={direction!r} is no vector (x, y)")
    length = float(np.hypot(*given))
    if abs(length - 1.0) > _NOT_A_UNIT_VECTOR:
        raise InputError(
            f"the direction ({given[0]:g}, {given[1]:g}) is no unit vector, its length is "
            f"{length:g}; {'divide by it' if length > 0.0 else 'give a direction'}"
        )
    return float(given[0]), float(given[1])


def _applied(voltage: FloatArray, mean_field: FloatArray) -> tuple[float, float]:
    """Return the unit vector in which a positive voltage drives, (1, 0) if that is nowhere."""
    change = mean_field[voltage.argmax()] - mean_field[voltage.argmin()]
    length = float(np.hypot(*change))
    if not length > 0.0:
        return 1.0, 0.0
    # without the rounding of the components across
    x, y = np.round(change / length, 6) + 0.0
    return float(x), float(y)


def _turning(voltage: FloatArray) -> NDArray[np.int32]:
    """Return the number of the branch that leads to each state (n,), from the turning points."""
    branch, way = [0], 0.0
    for before, after in pairwise(voltage.tolist()):
        step = after - before
        branch.append(branch[-1] + int(way * step < 0.0))
        way = step if abs(step) > 0.0 else way
    return np.array(branch, np.int32)


def _crossings(x: FloatArray) -> NDArray[np.intp]:
    """Return the numbers of the states (n,) after which x goes through 0."""
    return np.flatnonzero((x[:-1] * x[1:] <= 0.0) & (x[:-1] != x[1:]))


def _jump(polarization: FloatArray, voltage: FloatArray) -> tuple[float, float] | None:
    """Return the voltages between which the polarization (n,) jumps over 0; None if it does not."""
    crossing = _crossings(polarization)
    size = float(np.abs(polarization).max(initial=0.0))
    if not len(crossing) or abs(np.diff(polarization)[crossing[0]]) <= JUMP * size:
        return None
    return float(voltage[crossing[0]]), float(voltage[crossing[0] + 1])


def _at_zero(x: FloatArray, y: FloatArray, name: str) -> float:
    """Return y (n,) where x (n,), called `name`, first goes through 0, linearly between states."""
    crossing = _crossings(x)
    if not len(crossing):
        raise InputError(f"the {name} does not change its sign on the last branches of the loop")
    k = crossing[0]
    share = x[k] / (x[k] - x[k + 1])
    return float((1.0 - share) * y[k] + share * y[k + 1])
