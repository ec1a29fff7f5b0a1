"""What a probe of finite size makes of a picture: Gaussian and Lorentzian resolution.

Beyond the borders of the picture the specimen is taken to go on as its mirror image, in periodic
cells as its copy. The transfer function of the probe is then multiplied to the cosine (or Fourier)
series of the picture: exact, without cut-off, and the sum of the picture stays what it is.
Where pixels are partly or wholly outside the mesh, what is left of the probe is normalised.
"""

from dataclasses import dataclass
from math import log, pi, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Shape = Literal["gaussian", "lorentzian"]
Border = Literal["mirror", "odd", "periodic"]

FWHM = 2.0 * sqrt(2.0 * log(2.0))
"""Full width at half maximum of a Gaussian over its standard deviation."""


@dataclass(frozen=True)
class Blur:
    """A probe over pixels.

    Attributes:
        width: full width at half maximum of the response to a line [m]; 0: none.
        pixel: height and width of the pixels [m].
        shape: "gaussian", or "lorentzian": h / (2 pi (r^2 + h^2)^(3/2)), what a point at the
            height h = width / 2 above a plane sees of its potential (Poisson's integral; its
            response to a line is a Lorentzian).
        borders: what is beyond the borders along y and along x.
    """

    width: float
    pixel: tuple[float, float]
    shape: Shape = "gaussian"
    borders: tuple[Border, Border] = ("mirror", "mirror")

    def of(
        self, values: FloatArray, share: FloatArray, odd: tuple[bool, bool] = (False, False)
    ) -> FloatArray:
        """Return the probe's mean of an intensive quantity, NaN outside the mesh.

        Args:
            values: means over the part of each pixel in the mesh, (n_rows, n_columns).
            share: of each pixel that is in the mesh, 0 to 1.
            odd: whether the quantity changes its sign in the mirrors along y and along x.
        """
        there = share > 0.0
        filled = np.where(there, values, 0.0) * share
        if self.width > 0.0:
            with np.errstate(divide="ignore", invalid="ignore"):
                filled = self._smooth(filled, odd) / self._smooth(share)
        else:
            filled = np.where(there, values, np.nan)
        return np.where(there, filled, np.nan)

    def spread(self, amounts: FloatArray, share: FloatArray) -> FloatArray:
        """Return amounts per pixel as the probe sees them; their sum does not change.

        Args:
            amounts: of each pixel as if at its centre, (n_rows, n_columns); see
                `Raster.amounts`.
            share: of each pixel that is in the mesh, 0 to 1.
        """
        if self.width == 0.0:
            return amounts
        norm = self._smooth(share, means=False)
        seen = np.divide(amounts, norm, out=np.zeros_like(amounts), where=share > 0.0)
        return np.asarray(share * self._smooth(seen, means=False))

    def _smooth(
        self, picture: FloatArray, odd: tuple[bool, bool] = (False, False), *, means: bool = True
    ) -> FloatArray:
        """Convolve with the probe; the result is that at the centres of the pixels.

        Args:
            picture: means over the pixels, or amounts as if they were at the centres.
            odd: see `of`.
            means: which of both.
        """
        from scipy import fft

        borders = [
            "odd" if flip and border == "mirror" else border
            for flip, border in zip(odd, self.borders, strict=True)
        ]
        waves, over_pixel = [], []
        for n, size, border in zip(picture.shape, self.pixel, borders, strict=True):
            if border == "periodic":
                k = 2.0 * pi * np.abs(np.fft.fftfreq(n, size))
            else:
                k = pi * (np.arange(n) + (border == "odd")) / (n * size)
            waves.append(k)
            over_pixel.append(np.sinc(k * size / (2.0 * pi)))  # mean of a wave
        k2 = waves[0][:, None] ** 2 + waves[1] ** 2
        if self.shape == "gaussian":
            transfer = np.exp(-0.5 * (self.width / FWHM) ** 2 * k2)
        else:
            transfer = np.exp(-0.5 * self.width * np.sqrt(k2))
        if means:
            transfer /= over_pixel[0][:, None] * over_pixel[1]
        series = np.asarray(picture, dtype=complex if "periodic" in borders else float)
        forward = {"mirror": fft.dct, "odd": fft.dst, "periodic": fft.fft}
        backward = {"mirror": fft.idct, "odd": fft.idst, "periodic": fft.ifft}
        for axis, border in enumerate(borders):
            series = forward[border](series, axis=axis)
        series = series * transfer
        for axis, border in enumerate(borders):
            series = backward[border](series, axis=axis)
        return np.asarray(series.real)
