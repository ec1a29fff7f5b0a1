"""The exceptions of pyscl and the wording shared by their messages."""

import difflib
import sys
import warnings
from collections.abc import Iterable
from typing import Any


class InputError(ValueError):
    """Input that is refused before any work starts; the message says what is allowed."""


class MeshError(InputError):
    """A mesh that cannot be computed on: inverted, degenerate, unnamed or disconnected parts."""


class GeometryError(InputError):
    """A geometry that cannot be made: impossible targets, invalid outlines, empty regions."""


class ConvergenceError(RuntimeError):
    """A solve that did not converge.

    Attributes:
        history: the `NewtonHistory` of the failed solve.
        last_good: the last converged `Solution`, or None if there is none.
        trajectory: the `Trajectory` up to the failure of a transient, or None.
        partial: what a study of several states computed before it failed, such as a
            `PolarizationLoop`, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        history: Any = None,
        last_good: Any = None,
        trajectory: Any = None,
        partial: Any = None,
    ) -> None:
        super().__init__(message)
        self.history = history
        self.last_good = last_good
        self.trajectory = trajectory
        self.partial = partial


def warn(message: str) -> None:
    """Give a `UserWarning` at the line outside of pyscl that led here."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] == "pyscl":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


def suggestion(name: str, allowed: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest allowed name, or an empty string."""
    near = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.5)
    return f" Did you mean '{near[0]}'?" if near else ""


def unknown_name(kind: str, name: str, allowed: Iterable[str], where: str = "") -> InputError:
    """Build the error for a name that does not exist.

    Args:
        kind: what is named, in the singular ("region", "contact").
        name: the name that was given.
        allowed: the names that exist.
        where: where it was looked up ("in mesh.msh"), may be empty.
    """
    names = sorted(allowed)
    place = f" {where}" if where else ""
    listing = f"Allowed: {', '.join(names)}." if names else f"There is no {kind} at all."
    return InputError(f"no {kind} '{name}'{place}. {listing}{suggestion(name, names)}")
