"""What a study says: ensembles with confidence, pairs, main effects, Pareto fronts.

Every function takes a dataset of `pyscl.sweep.dataset.load` and leaves out the cases that failed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError, unknown_name

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]
Method = Literal["t", "bootstrap"]
Kind = Literal["promotion", "difference", "ratio"]

_RESAMPLES = 9999


@dataclass(frozen=True)
class Interval:
    """A mean of several values with its confidence interval.

    Attributes:
        mean: of the values [their unit].
        low: lower end of the interval [as mean].
        high: upper end [as mean].
        level: of confidence, a share.
        deviation: standard deviation of the values [as mean].
        count: number of values.
    """

    mean: float
    low: float
    high: float
    level: float
    deviation: float
    count: int

    def __str__(self) -> str:
        return (
            f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}] "
            f"({self.level:.0%}, n = {self.count})"
        )


@dataclass(frozen=True)
class Pairs:
    """An output of paired cases that differ in one axis only.

    Attributes:
        name: of the output.
        axis: in which the cases of a pair differ.
        measure: its value in the first case of a pair.
        reference: its value in the second.
        kind: of comparison: promotion 1 - a/b, difference a - b, or ratio a/b.
        values: of the comparison [its unit] (n,), without pairs of which a case failed.
        interval: mean of the comparison and its confidence interval.
        lost: pairs that are left out.
        unit: of the values.
    """

    name: str
    axis: str
    measure: Any
    reference: Any
    kind: Kind
    values: FloatArray
    interval: Interval
    lost: int
    unit: str


def variable(dataset: "xarray.Dataset", name: str) -> "xarray.DataArray":
    """Return an output of a dataset.

    Raises:
        InputError: there is none of this name.
    """
    if name not in dataset.data_vars:
        raise unknown_name("output", name, outputs_of(dataset))
    return dataset[name]


def axis_of(dataset: "xarray.Dataset", name: str) -> "xarray.DataArray":
    """Return an axis of a dataset.

    Raises:
        InputError: there is none of this name.
    """
    if name not in dataset.coords:
        raise unknown_name("axis", name, map(str, dataset.coords))
    return dataset[name]


def outputs_of(dataset: "xarray.Dataset") -> list[str]:
    """Return the names of the outputs, without status, seconds and the like."""
    from pyscl.sweep.dataset import RECORDS

    return [str(name) for name in dataset.data_vars if name not in RECORDS]


def confidence(
    values: Any, *, level: float = 0.95, method: Method = "t", seed: int = 0
) -> Interval:
    """Return the mean of values and its confidence interval.

    Args:
        values: (n,); NaN are left out.
        level: of confidence, a share.
        method: "t" (Student, for values that are nearly normal) or "bootstrap" (BCa).
        seed: of the bootstrap.

    Raises:
        InputError: fewer than two values, or a level outside 0 to 1.
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"a level of confidence lies between 0 and 1, not {level:g}")
    found = np.asarray(values, dtype=float).ravel()
    found = found[np.isfinite(found)]
    if len(found) < 2:
        raise InputError(f"a confidence interval needs two values or more, there are {len(found)}")
    from scipy import stats

    mean, deviation = float(found.mean()), float(found.std(ddof=1))
    if np.ptp(found) == 0.0:
        low = high = mean
    elif method == "t":
        half = stats.t.ppf(0.5 + level / 2.0, len(found) - 1) * deviation / np.sqrt(len(found))
        low, high = mean - half, mean + half
    elif method == "bootstrap":
        result = stats.bootstrap(
            (found,), np.mean, confidence_level=level, n_resamples=_RESAMPLES, rng=seed
        )
        low, high = result.confidence_interval
    else:
        raise unknown_name("method", method, ("t", "bootstrap"))
    return Interval(mean, float(low), float(high), level, deviation, len(found))


def paired(
    dataset: "xarray.Dataset",
    name: str,
    axis: str,
    measure: Any,
    reference: Any,
    *,
    kind: Kind = "promotion",
    level: float = 0.95,
    method: Method = "t",
) -> Pairs:
    """Compare two levels of an axis, case by case: all other axes are equal within a pair.

    Args:
        dataset: of the study.
        name: output that is compared.
        axis: with the two levels.
        measure: level of the first case.
        reference: level of the second.
        kind: "promotion" 1 - a/b, "difference" a - b, "ratio" a/b.
        level: of confidence of the mean.
        method: of the confidence interval, see `confidence`.

    Raises:
        InputError: an unknown name or level, an axis without dimension, fewer than two pairs.
    """
    values, levels = variable(dataset, name), axis_of(dataset, axis)
    if axis not in values.dims:
        raise InputError(
            f"'{axis}' has no dimension of its own; pairs are the cases of a product of axes"
        )
    for wanted in (measure, reference):
        if wanted not in levels.values:
            raise unknown_name(f"level of '{axis}'", str(wanted), map(str, levels.values))
    a, b = (
        values.isel({axis: int(np.flatnonzero(levels.values == at)[0])}).values.ravel()
        for at in (measure, reference)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        compared = {"promotion": 1.0 - a / b, "difference": a - b, "ratio": a / b}
    if kind not in compared:
        raise unknown_name("kind of comparison", kind, compared)
    found = compared[kind]
    kept = found[np.isfinite(found)]
    unit = str(values.attrs.get("units", "1")) if kind == "difference" else "1"
    interval = confidence(kept, level=level, method=method)
    lost = len(found) - len(kept)
    return Pairs(name, axis, measure, reference, kind, kept, interval, lost, unit)


def ensemble(
    dataset: "xarray.Dataset",
    name: str,
    over: str | Iterable[str],
    *,
    level: float = 0.95,
    quantiles: tuple[float, float] = (0.05, 0.95),
) -> "xarray.Dataset":
    """Return the statistics of an output over the members of an ensemble.

    Args:
        dataset: of the study.
        name: of the output.
        over: dimensions of the ensemble, such as "seed".
        level: of confidence of the mean (Student).
        quantiles: that bound the band of the members.

    Returns:
        Variables mean, low and high (of the mean), lower and upper (quantiles), median, deviation
        and count, over the other dimensions.

    Raises:
        InputError: an unknown output or dimension.
    """
    from scipy import stats

    values = variable(dataset, name)
    dims = [over] if isinstance(over, str) else list(over)
    for dim in dims:
        if dim not in values.dims:
            raise unknown_name("dimension", dim, map(str, values.dims), f"of '{name}'")
    count = values.count(dims)
    many = count.where(count > 1)
    deviation = values.std(dims, ddof=1).where(count > 1)
    half = deviation / np.sqrt(many)
    half = half * stats.t.ppf(0.5 + level / 2.0, (many - 1).values)
    mean = values.mean(dims)
    ends = [values.quantile(q, dims).drop_vars("quantile") for q in quantiles]
    found = {
        "mean": mean, "low": mean - half, "high": mean + half, "median": values.median(dims),
        "lower": ends[0], "upper": ends[1], "deviation": deviation, "count": count,
    }  # fmt: skip
    result = values.mean(dims).to_dataset(name="mean").assign(found)
    for key in found:
        result[key].attrs = {} if key == "count" else dict(values.attrs)
    return result.assign_attrs(name=name, over=", ".join(dims), level=level, quantiles=quantiles)


def main_effects(dataset: "xarray.Dataset", name: str) -> dict[str, "xarray.Dataset"]:
    """Return by axis the statistics of an output over all other axes, as `ensemble`.

    Only axes with more than one level count.
    """
    values = variable(dataset, name)
    varied = [str(dim) for dim in values.dims if values.sizes[dim] > 1 and dim in dataset.coords]
    if not varied:
        raise InputError("no axis has more than one level; there are no effects")
    return {
        dim: ensemble(dataset, name, [other for other in map(str, values.dims) if other != dim])
        for dim in varied
    }


def effect_sizes(dataset: "xarray.Dataset", name: str) -> dict[str, float]:
    """Return by axis the part of the variance of an output that its main effect explains.

    The rest to 1 are interactions. The cases have to be a product without gaps to be exact.
    """
    values = variable(dataset, name)
    total = float(values.var())
    effects = main_effects(dataset, name)
    if not total > 0.0:
        return dict.fromkeys(effects, 0.0)
    return {
        axis: float((e["count"] * (e["mean"] - values.mean()) ** 2).sum() / e["count"].sum())
        / total
        for axis, e in effects.items()
    }


def pareto(
    dataset: "xarray.Dataset", goals: Mapping[str, Literal["min", "max"]]
) -> "xarray.DataArray":
    """Return which cases are on the Pareto front: none is better in one goal and as good in all.

    Args:
        dataset: of the study.
        goals: by output, whether small or large is better.

    Raises:
        InputError: fewer than two goals, or an unknown output.
    """
    if len(goals) < 2:
        raise InputError("a Pareto front needs two goals or more")
    signs = {"min": 1.0, "max": -1.0}
    for way in goals.values():
        if way not in signs:
            raise unknown_name("goal", way, signs)
    first = variable(dataset, next(iter(goals)))
    costs = np.column_stack(
        [signs[way] * variable(dataset, name).values.ravel() for name, way in goals.items()]
    )
    whole = np.isfinite(costs).all(axis=1)
    front = np.zeros(len(costs), dtype=bool)
    for k in np.flatnonzero(whole):
        others = costs[whole]
        better = (others <= costs[k]).all(axis=1) & (others < costs[k]).any(axis=1)
        front[k] = not better.any()
    result = first.copy(data=front.reshape(first.shape))
    result.attrs = {"long_name": "on the Pareto front", "goals": ", ".join(goals)}
    return result.rename("front")
