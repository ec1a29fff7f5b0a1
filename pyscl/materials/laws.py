"""Statistics of carriers: the laws between site fraction and electrochemical potential.

`site_limited` tells whether a law has one particle per site at most, y < 1.
"""

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from pyscl.materials.open_circuit import OpenCircuit
from pyscl.materials.schema import InputModel
from pyscl.units import Number, PositiveNumber

_SAMPLES_PER_INTERVAL = 64


class Boltzmann(InputModel):
    """Ideal dilute statistics: y = exp(eta)."""

    site_limited: ClassVar[bool] = False

    law: Literal["boltzmann"] = "boltzmann"


class LatticeGas(InputModel):
    """One particle per site, no interaction beyond the mean field: y = 1 / (1 + exp(-eta))."""

    site_limited: ClassVar[bool] = True

    law: Literal["lattice-gas"] = "lattice-gas"


class Blakemore(InputModel):
    """Blakemore approximation of Fermi statistics: y = 1 / (exp(-eta) + gamma), y < 1/gamma."""

    site_limited: ClassVar[bool] = False

    law: Literal["blakemore"] = "blakemore"
    gamma: PositiveNumber = 0.27


class FermiDiracHalf(InputModel):
    """Fermi-Dirac integral of order 1/2 (electrons and holes in a parabolic band)."""

    site_limited: ClassVar[bool] = False

    law: Literal["fermi-dirac-half"] = "fermi-dirac-half"


class NonIdeal(InputModel):
    """Lattice gas with a tabulated excess potential g(y): eta = ln(y/(1-y)) + g(y).

    Between the points of the table g is the monotone cubic (PCHIP) through them, outside it is
    constant. Tables for which 1/(y(1-y)) + g'(y) <= 0 somewhere describe phase separation and are
    refused.

    Attributes:
        site_fraction: y at the points of the table, increasing, in [0, 1].
        excess: g at these points [kT].
    """

    site_limited: ClassVar[bool] = True

    law: Literal["non-ideal"] = "non-ideal"
    site_fraction: tuple[Number, ...]
    excess: tuple[Number, ...]

    @field_validator("site_fraction")
    @classmethod
    def _increasing(cls, y: tuple[float, ...]) -> tuple[float, ...]:
        if len(y) < 2:
            raise ValueError("the table of g(y) needs at least two points")
        if not all(a < b for a, b in pairwise(y)):
            raise ValueError("the site fractions of the table must increase")
        if y[0] < 0.0 or y[-1] > 1.0:
            raise ValueError("the site fractions of the table must lie in [0, 1]")
        return y

    @field_validator("excess")
    @classmethod
    def _single_phase(cls, excess: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        y = info.data.get("site_fraction")
        if y is None:
            return excess
        if len(excess) != len(y):
            raise ValueError(f"excess has {len(excess)} values for {len(y)} site fractions")
        y_worst, slope = _least_stable(y, excess)
        if slope <= 0.0:
            raise ValueError(
                f"the table separates into two phases: d(eta)/dy = {slope:.3g} at y = "
                f"{y_worst:.4g}; two-phase materials are outside the model, it needs "
                "1/(y(1-y)) + g'(y) > 0 for all y"
            )
        return excess

    def slopes(self) -> np.ndarray:
        """Return g'(y) at the points of the table [kT], (n_points,): the PCHIP slopes."""
        return np.asarray(_pchip(self.site_fraction, self.excess).derivative()(self.site_fraction))


def _pchip(y: tuple[float, ...], excess: tuple[float, ...]) -> Any:
    from scipy.interpolate import PchipInterpolator  # 0.2 s to import, needed for tables only

    return PchipInterpolator(y, excess)


def _least_stable(y: tuple[float, ...], excess: tuple[float, ...]) -> tuple[float, float]:
    """Return the y inside the table where d(eta)/dy is least, and that value [kT]."""
    from scipy.optimize import minimize_scalar

    derivative = _pchip(y, excess).derivative()

    def stiffness(x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return 1.0 / (x * (1.0 - x)) + derivative(x)

    x = np.unique(
        np.concatenate([np.linspace(a, b, _SAMPLES_PER_INTERVAL) for a, b in pairwise(y)])
    )
    values = stiffness(x)
    i = int(np.argmin(values))
    bounds = (float(x[max(i - 1, 0)]), float(x[min(i + 1, len(x) - 1)]))
    refined = minimize_scalar(stiffness, bounds=bounds, method="bounded")
    if refined.fun < values[i]:
        return float(refined.x), float(refined.fun)
    return float(x[i]), float(values[i])


def _law_by_name(value: Any) -> Any:
    """Accept the bare name of a law that needs no parameters."""
    return {"law": value} if isinstance(value, str) else value


Law = Boltzmann | LatticeGas | Blakemore | FermiDiracHalf | NonIdeal | OpenCircuit
"""Statistics of carriers: y = c / site density as a function of eta = (mu - mu0 - z e phi) / kT."""

Statistics = Annotated[
    Annotated[Law, Field(discriminator="law")],
    BeforeValidator(_law_by_name, json_schema_input_type=str | Law),
]
