"""MKL PARDISO, loaded at run time from the wheel `mkl` or wherever the loader finds it.

O. Schenk, K. Gärtner, Future Gener. Comput. Syst. 20 (2004) 475; settings as in the reference of
Intel oneMKL, "pardiso iparm Parameter".
"""

import ctypes
import os
import sys
import weakref
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pyscl.errors import InputError
from pyscl.linear.back_end import Indices, Values
from pyscl.threads import available_threads

_NAMES = {
    "linux": ("libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so"),
    "darwin": ("libmkl_rt.2.dylib", "libmkl_rt.dylib"),
    "win32": ("mkl_rt.3.dll", "mkl_rt.2.dll", "mkl_rt.dll"),
}
_KINDS = {np.dtype(np.float64): 11, np.dtype(np.complex128): 13}  # unsymmetric
_ANALYSE, _FACTORIZE, _SOLVE, _RELEASE = 11, 22, 33, -1
_SINGULAR = -4
_ERRORS = {
    -1: "inconsistent input",
    -2: "not enough memory",
    -3: "the reordering failed",
    -8: "the factors have more entries than 32-bit integers can count",
    -9: "not enough memory for the out-of-core factors",
}
# iparm, counted from 0 as in the reference for C; what is not named stays 0:
_SETTINGS = {
    0: 1,  # all settings are given here
    4: 1,  # the order of elimination is given: that of the columns
    9: 13,  # pivots below 1e-13 are perturbed, and the matrix is left to another solver
    11: 2,  # solve with the transpose: rows of the matrix are handed over as columns
    17: -1,  # count the entries of the factors
    34: 1,  # indices begin at 0
}
_PERTURBED, _ENTRIES = 13, 17
_WIDE_INTEGERS = 1  # bit of what MKL says of its interface layer


class Pardiso:
    """PARDISO of the Intel Math Kernel Library.

    Attributes:
        name: "pardiso".
        version: of the library.
    """

    name = "pardiso"

    def __init__(self, threads: int | None = None) -> None:
        """Load the library.

        Args:
            threads: of every factorisation; None: one per usable core, or OMP_NUM_THREADS if
                that is less.

        Raises:
            InputError: the library is not there, and how to install it; or it was set to integers
                of 64 bits.
        """
        self._library = _load()
        self._threads = threads or available_threads()
        text = ctypes.create_string_buffer(200)
        self._library.MKL_Get_Version_String(text, len(text))
        words = text.value.decode().split()
        numbers = [word for word in words if word[:1].isdigit()]
        self.version = f"MKL {numbers[0].partition('-')[0]}" if numbers else "MKL"

    def supports(self, kind: "np.dtype[Any]") -> bool:
        """Whether it computes with such numbers: real and complex ones."""
        return kind in _KINDS

    def analyse(self, rows: Indices, column_begins: Indices, kind: "np.dtype[Any]") -> "_Factors":
        """Analyse a pattern; see `BackEnd`."""
        return _Factors(self._library, self._threads, rows, column_begins, kind)


class _Factors:
    def __init__(
        self,
        library: Any,
        threads: int,
        rows: Indices,
        column_begins: Indices,
        kind: "np.dtype[Any]",
    ) -> None:
        self._library, self._threads = library, threads
        self._rows, self._begins = rows, column_begins
        self._handle = np.zeros(64, np.int64)
        self._settings = np.zeros(64, np.int32)
        for place, value in _SETTINGS.items():
            self._settings[place] = value
        self._kind = _KINDS[np.dtype(kind)]
        self._values: Values = np.empty(len(rows), kind)  # the analysis does not look at them
        self._order = np.arange(len(column_begins) - 1, dtype=np.int32)
        self._nothing = np.zeros(1, kind)
        self._check(self._call(_ANALYSE))
        weakref.finalize(self, _release, library, self._handle, self._settings, self._kind)

    @property
    def fill(self) -> int:
        # PARDISO counts in 32 bits here: what overflowed comes out negative
        return int(self._settings[_ENTRIES]) % 2**32

    def factorize(self, values: Values) -> bool:
        self._values = values
        error = self._call(_FACTORIZE)
        if error == _SINGULAR:
            return False
        self._check(error)
        # With a perturbed pivot even a singular matrix has solutions of small residual.
        return not self._settings[_PERTURBED]

    def solve(self, right_hand_side: Values) -> Values:
        solution = np.empty_like(right_hand_side)
        self._check(self._call(_SOLVE, right_hand_side, solution))
        return solution

    def _call(self, phase: int, right: Values | None = None, solution: Values | None = None) -> int:
        before = self._library.MKL_Set_Num_Threads_Local(self._threads)
        try:
            return _pardiso(
                self._library,
                self._handle,
                self._settings,
                self._kind,
                phase,
                len(self._begins) - 1,
                (self._values, self._begins, self._rows, self._order),
                self._nothing if right is None else right,
                self._nothing if solution is None else solution,
            )
        finally:
            self._library.MKL_Set_Num_Threads_Local(before)

    @staticmethod
    def _check(error: int) -> None:
        if error == -2:
            raise MemoryError("PARDISO needs more memory than there is")
        if error:
            raise RuntimeError(f"PARDISO failed: {_ERRORS.get(error, 'an error')} ({error})")


def _release(library: Any, handle: Values, settings: Indices, kind: int) -> None:
    none, zero = np.zeros(1, np.int32), np.zeros(1)
    matrix = (zero, none, none, none)
    _pardiso(library, handle, settings, kind, _RELEASE, 0, matrix, zero, zero)


def _pardiso(
    library: Any,
    handle: Values,
    settings: Indices,
    kind: int,
    phase: int,
    n: int,
    matrix: tuple[Values, Indices, Indices, Indices],
    right: Values,
    solution: Values,
) -> int:
    error = ctypes.c_int(0)
    one, silent = ctypes.c_int(1), ctypes.c_int(0)
    library.pardiso(
        _at(handle), one, one, ctypes.c_int(kind), ctypes.c_int(phase), ctypes.c_int(n),
        *map(_at, matrix), one, _at(settings), silent, _at(right), _at(solution), error,
    )  # fmt: skip
    return error.value


def _at(array: Values) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


@cache
def _load() -> Any:
    names = _NAMES.get(sys.platform, _NAMES["linux"])
    folders = [Path(sys.prefix) / "lib", Path(sys.prefix) / "Library" / "bin"]
    folders += [Path(p) for p in (os.environ.get("MKLROOT"),) if p]
    places = [str(folder / name) for folder in folders for name in names]
    for place in [p for p in places if Path(p).is_file()] + list(names):
        try:
            library = ctypes.CDLL(place)
        except OSError:
            continue
        c_int = ctypes.POINTER(ctypes.c_int)
        pointer = ctypes.c_void_p
        library.pardiso.argtypes = [
            pointer, c_int, c_int, c_int, c_int, c_int, pointer, pointer, pointer, pointer, c_int,
            pointer, c_int, pointer, pointer, c_int,
        ]  # fmt: skip
        library.pardiso.restype = None
        # 0: integers of 32 bits, whatever MKL_INTERFACE_LAYER says. No effect after the first call.
        if library.MKL_Set_Interface_Layer(0) & _WIDE_INTEGERS:
            raise InputError(
                "linear_solver 'pardiso' needs the Intel Math Kernel Library with integers of 32 "
                "bits, but something else in this process has set it to 64 bits (ILP64); remove "
                "MKL_INTERFACE_LAYER from the environment, or use another linear solver"
            )
        return library
    raise InputError(
        "linear_solver 'pardiso' needs the Intel Math Kernel Library, which is not installed: "
        "pip install 'pyscl[mkl]' (x86 processors)"
    )
