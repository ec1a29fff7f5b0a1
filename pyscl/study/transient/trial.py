"""A solved time step that is not yet accepted."""

from dataclasses import dataclass

from pyscl import _core
from pyscl.discretize import FloatArray


@dataclass(frozen=True, eq=False)
class Trial:
    """A solved step that is not yet accepted.

    Attributes:
        dt: its length [s].
        order: of the formula.
        error: estimated error over what is allowed.
        longest: a longer step than this [s] passes over an instability of the polarization.
        change: largest change of a site fraction or of the potential, relative like the error.
        rate: largest change of a site fraction per second, relative like the error.
        unknowns: its state (n_dofs,) [scaled].
        rates: what enters at every dof per time (n_dofs,), scaled.
        voltage: of the working contact against the reference [V].
        current: into the model through the working contact [A/m] or [A].
        value: what was given at the working contact at its end, [V], [A/m] or [A].
        worst_dof: unknown with the largest error.
        newton: what the solver did; None for the present state, which is no trial.
    """

    dt: float
    order: int
    error: float
    longest: float
    change: float
    rate: float
    unknowns: FloatArray
    rates: FloatArray
    voltage: float
    current: float
    value: float
    worst_dof: int
    newton: _core.NewtonResult | None
