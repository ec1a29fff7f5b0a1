"""MUMPS through PETSc, in one process or distributed over the ranks of MPI.

P. R. Amestoy et al., SIAM J. Matrix Anal. Appl. 23 (2001) 15; settings as in the users' guide of
MUMPS (ICNTL, CNTL).
"""

from itertools import count
from typing import Any
from weakref import finalize

import numpy as np

from pyscl.errors import InputError
from pyscl.linear import ranks
from pyscl.linear.back_end import Indices, Values

_SETTINGS = {
    6: 0,  # no other columns: the diagonal is good
    8: 0,  # rows and columns are scaled already
    10: 0,  # no refinement here
    14: 40,  # per cent more memory than estimated, for pivots that wait
    24: 1,  # pivots below a threshold are noticed, so that the matrix is left to another solver
}
_THRESHOLD = 1e-13  # of those pivots, CNTL(3), the scale of rows and columns being 1
_PREFIX = "pyscl_"  # of the options of PETSc
_ROOM = 14
_SINGULAR, _OUT_OF_MEMORY = (-6, -10), (-7, -13)
_MORE_ROOM = (-8, -9, -14, -15, -17, -20)  # the estimate was too small
_NULL_PIVOTS, _FILL = 28, 29  # INFOG


class Mumps:
    """MUMPS of the PETSc of this Python.

    Attributes:
        name: "mumps".
        version: of PETSc, and the number of ranks if there are several.
    """

    name = "mumps"

    def __init__(self) -> None:
        """Load PETSc.

        Raises:
            InputError: petsc4py is not there, or has no MUMPS; says how to get it.
        """
        petsc = _petsc()
        self._team = ranks.team()
        version = ".".join(map(str, petsc.Sys.getVersion()))
        several = f", {self._team.size} ranks" if self._team.size > 1 else ""
        self.version = f"MUMPS of PETSc {version}{several}"

    def supports(self, kind: "np.dtype[Any]") -> bool:
        """Whether it computes with such numbers: those that PETSc was built for."""
        return bool(np.dtype(_petsc().ScalarType) == kind)

    def analyse(self, rows: Indices, column_begins: Indices, kind: "np.dtype[Any]") -> "_Factors":
        """Analyse a pattern; see `BackEnd`."""
        return _Factors(self._team, rows, column_begins, kind)


class _Factors:
    """What the leading rank holds of a factorisation."""

    _numbers = count()

    def __init__(
        self, team: "ranks.Team", rows: Indices, begins: Indices, kind: "np.dtype[Any]"
    ) -> None:
        self._team, self._number = team, next(self._numbers)
        shares = split(begins, team.size)
        team.call(create, self._number, (shares, begins, rows, np.dtype(kind)))
        finalize(self, team.release, self._number)

    def factorize(self, values: Values) -> bool:
        state = self._team.call(factorize, self._number, values)
        if state in _OUT_OF_MEMORY or state in _MORE_ROOM:
            raise MemoryError(f"MUMPS needs more memory than there is (INFOG(1) = {state})")
        if state < 0 and state not in _SINGULAR:
            raise RuntimeError(f"MUMPS failed (INFOG(1) = {state})")
        return state >= 0

    def solve(self, right_hand_side: Values) -> Values:
        return np.asarray(self._team.call(solve, self._number, right_hand_side))

    @property
    def fill(self) -> int:
        return int(self._team.call(fill, self._number, None))


# On every rank; only the first one has the data.


def create(comm: Any, data: Any) -> "_Share":
    """Analyse a pattern whose rows are dealt out; all ranks at once."""
    return _Share(comm, data)


def factorize(share: "_Share", values: Values | None) -> int:
    """Factorise a matrix; all ranks at once. Returns INFOG(1) of MUMPS, below 0 for a failure."""
    return share.factorize(values)


def solve(share: "_Share", right_hand_side: Values | None) -> Values | None:
    """Solve; all ranks at once. The first one gets the solution."""
    return share.solve(right_hand_side)


def fill(share: "_Share", _: None) -> int:
    """Return the entries of the factors on all ranks."""
    return share.fill


class _Share:
    """The part of a matrix and its factors that one rank holds.

    The columns of the matrix are the rows of its transpose, with which PETSc works.
    """

    def __init__(self, comm: Any, data: Any) -> None:
        petsc = _petsc()
        self._comm = comm
        shares, begins, rows, kind = data or (None,) * 4
        shares, self._kind = comm.bcast((shares, kind))
        first, last = shares[comm.rank], shares[comm.rank + 1]
        self._columns = np.diff(shares)
        entries = None if begins is None else begins[shares]
        entries = comm.bcast(entries)
        self._entries = np.diff(entries)
        local = ranks.scatter(comm, rows, self._entries, np.dtype(np.int32))
        lengths = None if begins is None else np.diff(begins)
        own = ranks.scatter(comm, lengths, self._columns, np.dtype(np.int32))
        self._begins = np.concatenate([[0], np.cumsum(own)]).astype(petsc.IntType)
        self._rows = local.astype(petsc.IntType, copy=False)

        n = int(shares[-1])
        size = ((last - first, n),) * 2
        self._matrix = petsc.Mat().createAIJ(
            size, csr=(self._begins, self._rows, np.ones(len(self._rows), self._kind)), comm=comm
        )
        self._right, self._solution = self._matrix.createVecs()
        self._solver = petsc.PC().create(comm)
        self._solver.setType("lu")
        self._solver.setOperators(self._matrix)
        self._solver.setFactorSolverType("mumps")
        self._solver.setFactorOrdering("natural")  # PETSc has use for it on one rank only
        self._solver.setOptionsPrefix(_PREFIX)
        options = petsc.Options(_PREFIX)
        for setting, value in _SETTINGS.items():
            options[f"mat_mumps_icntl_{setting}"] = value
        options["mat_mumps_cntl_3"] = _THRESHOLD
        self._solver.setFromOptions()
        self._solver.setFactorSetUpSolverType()
        self._factors = self._solver.getFactorMatrix()

    @property
    def fill(self) -> int:
        entries = int(self._factors.getMumpsInfog(_FILL))
        return entries if entries >= 0 else -entries * 10**6

    def factorize(self, values: Values | None) -> int:
        own = ranks.scatter(self._comm, values, self._entries, self._kind)
        self._matrix.setValuesCSR(self._begins, self._rows, own)
        self._matrix.assemble()
        self._solver.setOperators(self._matrix)
        self._solver.setUp()
        if self._state in _MORE_ROOM:
            self._factors.setMumpsIcntl(_ROOM, 5 * _SETTINGS[_ROOM])
            self._matrix.stateIncrease()
            self._solver.setUp()
        if self._state >= 0 and self._factors.getMumpsInfog(_NULL_PIVOTS) > 0:
            return _SINGULAR[-1]
        return self._state

    def solve(self, right_hand_side: Values | None) -> Values | None:
        own = ranks.scatter(self._comm, right_hand_side, self._columns, self._kind)
        self._right.setArray(own)
        self._solver.applyTranspose(self._right, self._solution)
        return ranks.gather(self._comm, self._solution.getArray(), self._columns)

    @property
    def _state(self) -> int:
        return int(self._factors.getMumpsInfog(1))

    def destroy(self) -> None:
        for thing in (self._solver, self._matrix, self._right, self._solution):
            thing.destroy()


def split(begins: Indices, parts: int) -> Any:
    """Return where the columns of every rank begin, with as many entries for each."""
    wanted = begins[-1] * np.arange(1, parts) // parts
    return np.concatenate([[0], np.searchsorted(begins, wanted), [len(begins) - 1]])


def _petsc() -> Any:
    try:
        from petsc4py import PETSc
    except ImportError:
        raise InputError(
            "linear_solver 'mumps' needs petsc4py with MUMPS, which this Python does not have: "
            "install it with the system (Debian: apt install python3-petsc4py) and make the "
            "environment of pyscl from the Python of the system, "
            "/usr/bin/python3 -m venv --system-site-packages"
        ) from None
    if not PETSc.Sys.hasExternalPackage("mumps"):
        raise InputError(
            "linear_solver 'mumps' needs a PETSc with MUMPS; the one of this Python was built "
            "without it (configure --download-mumps --download-scalapack)"
        )
    return PETSc
