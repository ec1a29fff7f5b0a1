"""A rough interface with a given spectrum."""

import math
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pyscl.errors import GeometryError
from pyscl.geometry.flat import FlatInterface
from pyscl.geometry.geometry import Geometry
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.partition import Partition
from pyscl.units import Extent

_POINTS_PER_WAVE = 40  # of the shortest wave
_MOST_POINTS = 40_000


class RoughInterface(FlatInterface):
    r"""An interface x = position + h(y) between two regions, self-affine up to a length.

    The amplitudes follow the spectrum of self-affine surfaces (Palasantzas, Phys. Rev. B 48 (1993)
    14472) for a line, C(q) ~ (1 + (q xi)^2)^-(H + 1/2), the phases are random; h repeats along y
    and has exactly the mean 0 and the root mean square asked for.

    Attributes:
        height: length of the interface [m].
        rms: root mean square of h [m].
        correlation_length: xi [m], below the height.
        hurst: H; 1 is smooth on short lengths, small values are jagged.
        shortest: wavelength at which the spectrum ends [m]; a tenth of the correlation length if
            not given.
    """

    kind: Literal["rough"] = "rough"
    height: Extent
    rms: Extent
    correlation_length: Extent
    hurst: Annotated[float, Field(gt=0.0, le=1.0)] = 0.8
    shortest: Extent | None = None

    def partition(self) -> Partition:
        """Return the curves; achieved: "rms roughness [m]", "rms slope", "largest height [m]".

        Raises:
            GeometryError: no wave fits between `shortest` and the height, or the roughness
                reaches the sides.
        """
        y, h = self.profile()
        reach = float(np.abs(h).max())
        room = min(self.room("left"), self.room("right"))
        if reach >= room:
            raise GeometryError(
                f"the roughness reaches {in_nm(reach)} from the mean line, but the nearest side is "
                f"at {in_nm(room)}. Use a smaller rms or a wider rectangle."
            )
        geometry = Geometry(self.width, self.height, self.left, ("y",) if self.periodic else ())
        line = np.column_stack([self.place + h, y])
        corners = [[self.width, self.height], [self.width, 0.0]]
        geometry.paint(self.right, np.concatenate([line, corners]))
        slope = np.diff(h) / np.diff(y)
        return geometry.partition(
            {
                "rms roughness [m]": float(np.sqrt(np.mean(h[:-1] ** 2))),
                "rms slope": float(np.sqrt(np.mean(slope**2))),
                "largest height [m]": reach,
            }
        )

    def profile(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return y (n,) from 0 to the height and h (n,) [m]; the first h equals the last.

        Raises:
            GeometryError: no wave fits, or too many would be needed.
        """
        shortest = self.shortest or self.correlation_length / 10.0
        if self.correlation_length >= self.height:
            raise GeometryError(
                f"the correlation length of {in_nm(self.correlation_length)} does not fit into a "
                f"height of {in_nm(self.height)}."
            )
        waves = math.floor(self.height / shortest * (1.0 + 1e-12))
        if waves < 1:
            raise GeometryError(
                f"no wave of {in_nm(shortest)} or longer fits into a height of "
                f"{in_nm(self.height)}."
            )
        points = max(400, _POINTS_PER_WAVE * waves)
        if points > _MOST_POINTS:
            raise GeometryError(
                f"waves of {in_nm(shortest)} on {in_nm(self.height)} need {points} points, more "
                f"than {_MOST_POINTS}. Give a larger 'shortest' or a smaller height."
            )
        k = np.arange(1, waves + 1)
        q = 2.0 * np.pi * k / self.height
        amplitude = (1.0 + (q * self.correlation_length) ** 2) ** (-0.5 * (self.hurst + 0.5))
        phase = np.random.default_rng(self.seed).uniform(0.0, 2.0 * np.pi, waves)
        spectrum = np.zeros(points // 2 + 1, dtype=np.complex128)
        spectrum[k] = amplitude * np.exp(1j * phase)
        h = np.fft.irfft(spectrum, points)
        h *= self.rms / np.sqrt(np.mean(h**2))
        y = np.linspace(0.0, self.height, points + 1)
        return y, np.append(h, h[0])
