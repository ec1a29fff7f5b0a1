"""A grey picture like a published cross-section of a composite cathode, with a known answer."""

import numpy as np
from numpy.typing import NDArray

GREY = (45, 115, 205)
"""Mean grey value of electrolyte, carbon and active material."""


def synthetic_micrograph(
    shape: tuple[int, int] = (1000, 1000), *, noise: float = 12.0, blur: float = 1.0, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw bright particles and mid-grey carbon clusters in a dark electrolyte.

    Particles are discs of log-normal radii with wavy outlines, which may touch but not overlap by
    much; carbon is where a smooth random field is high, outside the particles.

    Args:
        shape: rows and columns.
        noise: standard deviation of the grey values, of a range of 256.
        blur: width of the beam (standard deviation) [pixels].
        seed: of the random generator.

    Returns:
        Grey values (rows, columns), and the labels they show: 0 electrolyte, 1 carbon, 2 active.
    """
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    scale = min(shape) / 1000
    field = ndimage.gaussian_filter(rng.standard_normal(shape), 14 * scale, mode="reflect")
    labels = np.where(field > np.quantile(field, 0.84), 1, 0)
    labels[_particles(shape, scale, rng)] = 2
    beam = ndimage.gaussian_filter(np.array(GREY, float)[labels], blur, mode="nearest")
    uneven = 4 * ndimage.gaussian_filter(rng.standard_normal(shape), 120 * scale, mode="reflect")
    grey = beam + uneven + noise * rng.standard_normal(shape)
    return grey.round().clip(0, 255).astype(np.uint8), labels


def _particles(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Place wavy discs one by one, large ones first, until half of the picture is covered."""
    rows, columns = shape
    covered = np.zeros(shape, bool)
    radii = np.sort(scale * 42 * rng.lognormal(0.0, 0.45, 400))[::-1]
    for radius in radii:
        at_x, at_y = rng.uniform(0, columns), rng.uniform(0, rows)
        phases, heights = rng.uniform(0, 2 * np.pi, 5), rng.normal(0, 0.09, 5)
        first_row, first_column = max(int(at_y - 2 * radius), 0), max(int(at_x - 2 * radius), 0)
        near = covered[first_row : int(at_y + 2 * radius), first_column : int(at_x + 2 * radius)]
        y, x = np.indices(near.shape) + 0.5
        away_x, away_y = x + first_column - at_x, y + first_row - at_y
        angle = np.arctan2(away_y, away_x)
        outline = np.full(near.shape, radius)
        for wave, phase, height in zip(range(2, 7), phases, heights, strict=True):
            outline += radius * height / wave * np.cos(wave * angle + phase)
        disc = np.hypot(away_x, away_y) < outline
        if (near & disc).sum() < 0.04 * disc.sum():
            near |= disc
        if covered.mean() > 0.5:
            break
    return covered
