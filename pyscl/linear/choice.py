"""Which solver factorises: the built-in one, or a back end that is there."""

import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

import numpy as np

from pyscl.errors import InputError, unknown_name
from pyscl.linear.back_end import BackEnd

if TYPE_CHECKING:
    from pyscl import _core

LinearSolverName = Literal["built-in", "pardiso", "mumps", "auto"]
NAMES: tuple[str, ...] = get_args(LinearSolverName)
BUILT_IN: Final = "built-in"


class LinearSolver(NamedTuple):
    """A solver that is there.

    Attributes:
        name: "built-in", or the name of the back end.
        version: of pyscl, or of the library of the back end.
        back_end: for the core; None: the built-in solver.
    """

    name: str
    version: str
    back_end: BackEnd | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.version})"

    def served(self, by: "_core.SolvedBy") -> str:
        """Return whose factors served: the name of the solver, or of the one it fell back on."""
        names = {
            "back_end": self.name,
            "multifrontal": BUILT_IN,
            "free_pivots": f"{BUILT_IN}, free pivots",
        }
        return names[by.name]


def check_name(wanted: "LinearSolverName | BackEnd") -> None:
    """Refuse what is neither the name of a solver nor a back end.

    Raises:
        InputError: names the solvers, or says what the back end lacks.
    """
    if isinstance(wanted, str):
        if wanted not in NAMES:
            raise unknown_name("linear solver", wanted, NAMES)
        return
    for member in ("name", "version", "supports", "analyse"):
        if not hasattr(wanted, member):
            raise InputError(
                f"a back end of the linear solver needs '{member}', which "
                f"{type(wanted).__name__} does not have; see pyscl.linear.BackEnd"
            )


def choose(
    wanted: "LinearSolverName | BackEnd",
    kind: type = np.float64,
    *,
    threads: int | None = None,
) -> LinearSolver:
    """Return the solver of a name, or that of a back end of one's own.

    "auto" is the built-in solver, which is the fastest in one process, or "mumps" where several
    processes of MPI serve.

    Args:
        wanted: a name, or an object with the methods of `BackEnd`.
        kind: of the numbers, real or complex.
        threads: of a factorisation, where the back end has a choice; None: as many as usable.

    Raises:
        InputError: unknown name, or a back end that is not installed: what is missing, how to get
            it, and what is there.
    """
    check_name(wanted)
    if wanted == "auto":
        wanted = "mumps" if _ranks() > 1 else BUILT_IN
    if wanted == BUILT_IN:
        return LinearSolver(BUILT_IN, _version())
    if isinstance(wanted, str):
        try:
            back_end = _loaded(wanted, threads)
        except InputError as error:
            raise InputError(f"{error}. {_there(kind)}") from None
    else:
        back_end = wanted
    if not back_end.supports(np.dtype(kind)):
        numbers = "complex" if kind is np.complex128 else "real"
        raise InputError(
            f"the linear solver {back_end.name} ({back_end.version}) does not compute with "
            f"{numbers} numbers, as is needed here. {_there(kind)}"
        )
    return LinearSolver(back_end.name, back_end.version, back_end)


def available(kind: type = np.float64) -> dict[str, str]:
    """Return the solvers that can be chosen here for real or complex numbers: name -> version."""
    found = {BUILT_IN: _version()}
    for name in ("pardiso", "mumps"):
        try:
            back_end = _loaded(name, None)
        except InputError:
            continue
        if back_end.supports(np.dtype(kind)):
            found[name] = back_end.version
    return found


def _version() -> str:
    from pyscl import _core

    return f"pyscl {_core.__version__}"


def _there(kind: type) -> str:
    return "Available here: " + ", ".join(f"{name} ({v})" for name, v in available(kind).items())


@cache
def _loaded(name: str, threads: int | None) -> Any:
    if name == "pardiso":
        from pyscl.linear.pardiso import Pardiso

        return Pardiso(threads)
    from pyscl.linear.mumps import Mumps

    return Mumps()


def _ranks() -> int:
    """Return the number of processes of MPI that serve, without loading MPI."""
    service = sys.modules.get("pyscl.linear.ranks")
    return service.size() if service is not None else 1
