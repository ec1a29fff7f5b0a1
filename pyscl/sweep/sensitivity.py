"""Sensitivity of outputs to uncertain parameters, by SALib: Sobol, Morris, or any sample."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError, unknown_name
from pyscl.sweep.analysis import variable
from pyscl.sweep.axes import SAMPLE
from pyscl.sweep.samples import MISSING, MORRIS_LEVELS, problem_of

if TYPE_CHECKING:
    import xarray

FloatArray = NDArray[np.float64]
LEAST_SAMPLES = 64
"""Cases below which indices from a plain sample mean nothing."""

_RESAMPLES = 200


@dataclass(frozen=True)
class Sensitivity:
    """How much of the variance of an output, or which effect, every parameter has.

    Attributes:
        output: its name.
        method: "sobol", "morris", or "sample" (first-order indices of any sample, by RBD-FAST).
        names: of the parameters (d,), the most important first.
        first: first-order index, of Morris the mean absolute effect over the range (d,).
        first_error: half-width of its 95 % interval (d,).
        total: total index, of Morris the deviation of the effects; None for a sample (d,).
        total_error: half-width of its 95 % interval (d,), None where there is none.
        cases: number that was used.
        lost: cases that failed and are left out, with those that are worth nothing without them.
        unit: of effects; "1" for indices.
    """

    output: str
    method: Literal["sobol", "morris", "sample"]
    names: tuple[str, ...]
    first: FloatArray
    first_error: FloatArray
    total: FloatArray | None
    total_error: FloatArray | None
    cases: int
    lost: int
    unit: str = "1"

    def __getitem__(self, name: str) -> float:
        """Return the first-order index, or the mean absolute effect, of a parameter."""
        if name not in self.names:
            raise unknown_name("parameter", name, self.names)
        return float(self.first[self.names.index(name)])


def sensitivity(
    dataset: "xarray.Dataset",
    name: str,
    *,
    parameters: tuple[str, ...] | None = None,
    seed: int = 0,
) -> Sensitivity:
    """Return the sensitivity of an output to what is sampled in a study.

    Samples of the methods saltelli and morris give the indices they are made for; any other sample
    of independent parameters gives first-order indices.

    Args:
        dataset: of the study; of other axes one level must be selected.
        name: of the output.
        parameters: sampled axes, for other samples; default: all.
        seed: of the resampling for the intervals.

    Raises:
        InputError: nothing is sampled, too few cases, or unknown names.
    """
    values = variable(dataset, name)
    if values.dims != (SAMPLE,):
        wrong = ", ".join(str(dim) for dim in values.dims if dim != SAMPLE)
        hint = (
            f"select one level of {wrong} first, dataset.sel(...)"
            if SAMPLE in values.dims
            else "effect_sizes is for products of axes"
        )
        raise InputError(f"'{name}' is not a sample, it goes along {wrong}; {hint}")
    design = json.loads(dataset.attrs.get("design", "{}"))
    if design.get("method") in ("saltelli", "morris") and parameters is None:
        return _of_design(values, name, design, seed)
    sampled = [str(c) for c, v in dataset.coords.items() if v.dims == (SAMPLE,)]
    names = list(parameters or sampled)
    for parameter in names:
        if parameter not in sampled:
            raise unknown_name("sampled axis", parameter, sampled)
    x = np.column_stack([dataset[p].values.astype(float) for p in names])
    y = values.values
    kept = np.isfinite(y)
    if kept.sum() < LEAST_SAMPLES:
        raise InputError(f"{kept.sum()} cases are too few for indices; take {LEAST_SAMPLES}")
    found = _method("rbd_fast").analyze(
        problem_of(names, dict.fromkeys(names, "")),
        x[kept],
        y[kept],
        num_resamples=_RESAMPLES,
        seed=seed,
    )
    first, error = np.array(found["S1"]), np.array(found["S1_conf"])
    order = np.argsort(-first)
    lost = int((~kept).sum())
    return Sensitivity(
        name, "sample", tuple(names[k] for k in order), first[order], error[order], None, None,
        int(kept.sum()), lost,
    )  # fmt: skip


def _of_design(
    values: "xarray.DataArray", name: str, design: dict[str, Any], seed: int
) -> Sensitivity:
    """Return the indices of a Saltelli or Morris design, by whole groups of rows."""
    names = list(design["axes"])
    groups = {axis: design["axes"][axis].get("group") or "" for axis in names}
    problem = problem_of(names, groups)
    parameters = list(dict.fromkeys(problem.get("groups", names)))
    y = np.asarray(values.values, dtype=float)
    method = design["method"]
    size = len(parameters) + (2 if method == "saltelli" else 1)
    whole = np.asarray(np.isfinite(y).reshape(-1, size).all(axis=1))
    if whole.sum() < 2:
        raise InputError(f"'{name}': only {whole.sum()} of {len(whole)} groups of cases are done")
    kept = np.repeat(whole, size)
    if method == "saltelli":
        found = _method("sobol").analyze(
            problem, y[kept], calc_second_order=False, num_resamples=_RESAMPLES, seed=seed
        )
        keys, order, unit = ("S1", "S1_conf", "ST", "ST_conf"), np.argsort(-found["ST"]), "1"
    else:
        x = _unit_cube(values, design)[kept]
        found = _method("morris").analyze(
            problem, x, y[kept], num_levels=MORRIS_LEVELS, num_resamples=_RESAMPLES, seed=seed
        )
        keys, unit = ("mu_star", "mu_star_conf", "sigma", ""), str(values.attrs.get("units", "1"))
        order = np.argsort(-np.asarray(found["mu_star"], dtype=float))
    first, error, total, spread = (
        np.asarray(found[key], dtype=float)[order] if key else None for key in keys
    )
    assert first is not None
    assert error is not None
    return Sensitivity(
        name,
        "sobol" if method == "saltelli" else "morris",
        tuple(parameters[k] for k in order),
        first,
        error,
        total,
        spread,
        int(kept.sum()),
        int((~kept).sum()),
        unit,
    )


def _unit_cube(values: "xarray.DataArray", design: dict[str, Any]) -> FloatArray:
    """Return the samples (n cases, n axes) in the unit cube."""
    columns = []
    for name, axis in design["axes"].items():
        (low, high), x = axis["range"], values[name].values.astype(float)
        if axis["scale"] == "log":
            columns.append(np.log(x / low) / np.log(high / low))
        else:
            columns.append((x - low) / (high - low))
    return np.column_stack(columns)


def _method(name: str) -> Any:
    """Return a module of SALib.analyze."""
    import importlib

    try:
        return importlib.import_module(f"SALib.analyze.{name}")
    except ImportError:
        raise InputError(MISSING.format(what="a sensitivity", package="SALib")) from None
