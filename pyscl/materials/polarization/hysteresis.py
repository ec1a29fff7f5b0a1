"""Empirical hysteresis along an axis: Miller's loop, or Preisach cells whose mean is that loop."""

import functools
import math
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from pyscl.materials.polarization.axes import AlignedAxes, Axes
from pyscl.materials.schema import InputModel, failure
from pyscl.units import PositiveNumber, UnitValue

FloatArray = NDArray[np.float64]


class Cells(NamedTuple):
    """The cells of a hysteresis law.

    Attributes:
        weight: share of each in the polarization, sum 1 (n,).
        coercive_field: [V/m] (n,).
        width: field E0 of the tanh [V/m].
    """

    weight: FloatArray
    coercive_field: FloatArray
    width: float


class Hysteresis(InputModel):
    """Hysteresis fitted to a loop, P = Ps sum_k w_k tanh(m_k / E0) along the axis of the grain.

    The memory m_k of a cell follows the field along the axis like a play: it is moved only as far
    as |E - m_k| <= E_k demands. With one cell the saturated loop is Ps tanh((E -+ Ec)/E0) with
    E0 = 2 Ec / ln((1 + Pr/Ps)/(1 - Pr/Ps)) (S. L. Miller, R. D. Nasby, J. R. Schwank,
    M. S. Rodgers, P. V. Dressendorfer, J. Appl. Phys. 68, 6463 (1990)). More cells have
    E_k = Ec (1 + spread x_k), where x_k and w_k are the points and weights of Gauss-Hermite
    quadrature of a standard normal distribution, so that the mean is Ec; E0 is chosen so that the
    saturated loop still has the remanence Pr, and it keeps the coercive field Ec.

    Attributes:
        background_permittivity: relative permittivity of the linear part.
        saturation: Ps [C/m2].
        remanence: Pr [C/m2], below Ps.
        coercive_field: Ec [V/m].
        cells: number of cells.
        spread: standard deviation of the coercive fields over their mean.
        axes: axis 1 is the axis of the polarization.
    """

    law: Literal["hysteresis"] = "hysteresis"
    background_permittivity: PositiveNumber
    saturation: Annotated[float, UnitValue("C/m^2", above=0.0)]
    remanence: Annotated[float, UnitValue("C/m^2", above=0.0)]
    coercive_field: Annotated[float, UnitValue("V/m", above=0.0)]
    cells: Annotated[int, Field(ge=1, le=99)] = 1
    spread: Annotated[float, UnitValue("1", minimum=0.0)] = 0.0
    axes: Axes = AlignedAxes()

    @model_validator(mode="after")
    def _a_loop(self) -> "Hysteresis":
        if not self.remanence < self.saturation:
            message = (
                f"the remanence {self.remanence:g} C/m2 must be below the saturation "
                f"{self.saturation:g} C/m2"
            )
            raise failure("loop", message, ("remanence",), self.remanence)
        lowest = -_points(self.cells)[0][0]
        if lowest * self.spread >= 1.0:
            raise failure(
                "loop",
                f"with {self.cells} cells a spread of {self.spread:g} gives negative coercive "
                f"fields; it must be below {1.0 / lowest:.3g}, or take fewer cells",
                ("spread",),
                self.spread,
            )
        return self

    @property
    def linear_permittivity(self) -> float:
        """Relative permittivity of the isotropic linear part."""
        return self.background_permittivity

    def play(self) -> Cells:
        """Return weights, coercive fields and width of the cells."""
        return _cells(self)

    def moved(self, memory: ArrayLike, field: float) -> FloatArray:
        """Return the memories (n_cells,) [V/m] after the field along the axis has become `field`.

        Args:
            memory: memories before, (n_cells,) or 0 for the state that was never poled.
            field: [V/m].
        """
        limit = self.play().coercive_field
        return np.clip(np.broadcast_to(memory, limit.shape), field - limit, field + limit)

    def polarization(self, memory: ArrayLike) -> float:
        """Return P along the axis [C/m2] for memories (n_cells,) [V/m]."""
        weight, _, width = self.play()
        return self.saturation * float(weight @ np.tanh(np.asarray(memory) / width))

    def follow(self, fields: Sequence[float] | FloatArray) -> FloatArray:
        """Return P [C/m2] at every field [V/m] of a sequence that starts never poled."""
        memory: ArrayLike = 0.0
        found = []
        for field in fields:
            memory = self.moved(memory, float(field))
            found.append(self.polarization(memory))
        return np.array(found)


@functools.cache
def _points(cells: int) -> tuple[FloatArray, FloatArray]:
    """Return points, increasing and symmetric, and weights (sum 1) of Gauss-Hermite quadrature."""
    x, weight = np.polynomial.hermite_e.hermegauss(cells)
    return 0.5 * (x - x[::-1]), weight / weight.sum()


@functools.lru_cache(maxsize=64)
def _cells(law: Hysteresis) -> Cells:
    from scipy.optimize import brentq

    x, weight = _points(law.cells)
    fields = law.coercive_field * (1.0 + law.spread * x)
    ratio = law.remanence / law.saturation
    single = law.coercive_field / math.atanh(ratio)

    def excess(log_width: float) -> float:
        return float(weight @ np.tanh(fields / (single * math.exp(log_width)))) - ratio

    if law.cells == 1 or law.spread == 0.0:
        return Cells(weight, fields, single)
    low, high = -0.1, 0.1
    while excess(low) < 0.0:
        low *= 2.0
    while excess(high) > 0.0:
        high *= 2.0
    log_width = float(brentq(excess, low, high, xtol=1e-15, rtol=1e-14))
    return Cells(weight, fields, single * math.exp(log_width))
