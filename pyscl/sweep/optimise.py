"""An objective over a study, for any optimiser: every point is a case that is computed once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import InputError, unknown_name
from pyscl.sweep.dataset import load
from pyscl.units import plain

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]

Report = Callable[[str], None]


@dataclass(frozen=True)
class Parameter:
    """What an optimiser may change.

    Attributes:
        path: dotted path into the run file, or several that get the same value.
        low: least value, in the unit.
        high: largest value [`unit`].
        unit: of the values; "" for pure numbers.
        steps: parts of the range to which values are rounded, so that an optimiser does not ask
            for differences that the mesh cannot show.
    """

    path: str | tuple[str, ...]
    low: float
    high: float
    unit: str = ""
    steps: int = 1000

    def value(self, position: float) -> float:
        """Return the value [`unit`] at a position from 0 to 1, rounded."""
        whole = round(min(max(position, 0.0), 1.0) * self.steps)
        return float(f"{self.low + (self.high - self.low) * whole / self.steps:.9g}")

    def position(self, value: float) -> float:
        """Return the position [1] of a value, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)


@dataclass
class Objective:
    """Outputs of cases as functions of parameters, each from 0 to 1.

    Points are computed in the folder of a study: what was asked before, also in an earlier
    process, costs nothing, and `dataset` shows all that was tried.

    Attributes:
        base: the run, path of a run file or its contents.
        parameters: by name.
        outputs: as in a study file.
        folder: of the study.
        directory: where relative paths of the base start.
        failed: value of outputs [their unit] of cases that failed.
        study: further keys of the study file, such as limits.
        workers: processes, for `evaluate` of several points.
        report: receives lines for the user, if given.
    """

    base: str | dict[str, Any]
    parameters: Mapping[str, Parameter]
    outputs: Mapping[str, Any]
    folder: str | Path
    directory: str | Path = "."
    failed: float = np.inf
    study: Mapping[str, Any] = field(default_factory=dict)
    workers: int | None = None
    report: Report | None = None
    _tried: dict[tuple[float, ...], dict[str, float]] = field(default_factory=dict, repr=False)

    def __call__(self, position: ArrayLike, output: str) -> float:
        """Return an output at one point (n parameters,), positions from 0 to 1.

        Raises:
            InputError: no such output, or points that cannot be computed.
        """
        return float(self.evaluate(np.atleast_2d(np.asarray(position, dtype=float)), output)[0])

    def evaluate(self, positions: ArrayLike, output: str) -> FloatArray:
        """Return an output [its unit] at points (m, n parameters) that are computed together."""
        if output not in self.outputs:
            raise unknown_name("output", output, self.outputs)
        points = np.atleast_2d(np.asarray(positions, dtype=float))
        if points.shape[1] != len(self.parameters):
            raise InputError(
                f"a point has {len(self.parameters)} coordinates ({', '.join(self.parameters)}), "
                f"not {points.shape[1]}"
            )
        if not np.isfinite(points).all():
            raise InputError(f"the point {points} is not finite")
        wanted = [self._values(point) for point in points]
        if any(values not in self._tried for values in wanted):
            self._compute(list(dict.fromkeys([*self._tried, *wanted])))
        return np.array([self._tried[values][output] for values in wanted])

    def values(self, position: ArrayLike) -> dict[str, float]:
        """Return the values of the parameters at a point, rounded, in their units."""
        found = self._values(np.asarray(position, dtype=float))
        return dict(zip(self.parameters, found, strict=True))

    def positions(self, values: Mapping[str, float]) -> FloatArray:
        """Return the point of given values [1]."""
        return np.array([p.position(values[name]) for name, p in self.parameters.items()])

    @property
    def count(self) -> int:
        """Number of points that were asked for."""
        return len(self._tried)

    def dataset(self) -> "xarray.Dataset":
        """Return all points that were asked for, with their parameters as coordinates."""
        found = load(self.folder)
        columns = zip(*self._tried, strict=True)
        for (name, parameter), values in zip(self.parameters.items(), columns, strict=True):
            about = {"units": parameter.unit or "1", "long_name": name.replace("_", " ")}
            found = found.assign_coords({name: ("point", list(values), about)})
        return found

    def _values(self, position: FloatArray) -> tuple[float, ...]:
        return tuple(
            p.value(float(x)) for p, x in zip(self.parameters.values(), position, strict=True)
        )

    def _compute(self, points: Sequence[tuple[float, ...]]) -> None:
        """Carry out the study of all points so far; those in the folder are not repeated."""
        from pyscl.sweep.definition import make_study
        from pyscl.sweep.drive import run_study

        sets = {
            str(number): {
                path: f"{plain(value)} {p.unit}" if p.unit else value
                for p, value in zip(self.parameters.values(), point, strict=True)
                for path in ((p.path,) if isinstance(p.path, str) else p.path)
            }
            for number, point in enumerate(points)
        }
        study = make_study(
            "optimisation",
            directory=self.directory,
            base=self.base,
            axes={"point": {"sets": sets}},
            outputs=dict(self.outputs),
            **self.study,
        )
        report = self.report or (lambda line: None)
        run_study(study, self.folder, workers=self.workers, report=report)
        dataset = load(self.folder)
        columns = {name: dataset[name].values for name in self.outputs}
        for number, point in enumerate(points):
            self._tried[point] = {
                name: float(column[number]) if np.isfinite(column[number]) else self.failed
                for name, column in columns.items()
            }
