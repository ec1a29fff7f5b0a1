"""Samples of the unit cube."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError

if TYPE_CHECKING:
    from pyscl.sweep.definition import SamplesInput

MISSING = "{what} needs {package}; pip install 'pyscl[sweep]'"
MORRIS_LEVELS = 4


def draw(
    wanted: "SamplesInput", names: Sequence[str], groups: Mapping[str, str]
) -> NDArray[np.float64]:
    """Return samples of the unit cube (n samples, n names), the same for the same seed.

    Args:
        wanted: method, number and seed.
        names: of the axes.
        groups: group by axis; "" for none.
    """
    if wanted.method in ("latin-hypercube", "sobol"):
        from scipy.stats import qmc

        kind = qmc.LatinHypercube if wanted.method == "latin-hypercube" else qmc.Sobol
        return np.asarray(kind(d=len(names), rng=wanted.seed).random(wanted.count))
    problem = problem_of(names, groups)
    try:
        from SALib.sample import morris, sobol
    except ImportError:
        what = f"samples of the kind {wanted.method}"
        raise InputError(MISSING.format(what=what, package="SALib")) from None
    if wanted.method == "saltelli":
        found = sobol.sample(problem, wanted.count, calc_second_order=False, seed=wanted.seed)
    else:
        found = morris.sample(problem, wanted.count, num_levels=MORRIS_LEVELS, seed=wanted.seed)
    return np.asarray(found, dtype=np.float64)


def problem_of(names: Sequence[str], groups: Mapping[str, str]) -> dict[str, Any]:
    """Return the axes as SALib wants them, on the unit cube."""
    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    if any(groups.values()):
        problem["groups"] = [groups[name] or name for name in names]
    return problem
