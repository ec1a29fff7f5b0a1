"""Concentration profiles as EELS, neutron depth profiling (NDP) or SIMS see them."""

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from pyscl.errors import InputError, unknown_name
from pyscl.instruments.blur import FWHM
from pyscl.instruments.extent import Window, length
from pyscl.instruments.overlap import overlap
from pyscl.instruments.raster import PER_WIDTH, FloatArray, raster_for
from pyscl.instruments.results import Compact, Picture, write_columns

if TYPE_CHECKING:
    from pyscl.solution import Solution

Ends = Literal["open", "continued"]
_USUAL = 5.0  # bins per resolution
_DEFAULT = 400  # bins without a resolution
_MOST = 8000  # bins
_REACH = 6.0  # standard deviations beyond an open end


@dataclass(frozen=True, eq=False, repr=False)
class CarrierProfile(Compact):
    """A carrier projected on a line, see `lithium_profile`.

    Attributes:
        position: middle of the bins along the direction [m], from the first point of the mesh,
            (n,); negative before it.
        amount: of the carrier per length [mol/m2] (per metre of depth; planar) or [mol/m]
            (axisymmetric), as seen, (n,).
        true_amount: as it is, like `amount` [its unit].
        concentration: `amount` over the cross-section of the mesh as seen [mol/m3], (n,); NaN where
            nothing is seen.
        true_concentration: as it is, like `concentration` [its unit].
        resolution: full width at half maximum at each position [m], (n,).
        total: amount in the profile [mol/m] or [mol], the same before and after the blur.
        units: attribute -> unit.
    """

    position: FloatArray
    amount: FloatArray
    true_amount: FloatArray
    concentration: FloatArray
    true_concentration: FloatArray
    resolution: FloatArray
    total: float
    units: dict[str, str]

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per bin, units in the column heads."""
        names = ("position", *self.units, "resolution")
        units = {"position": "m", "resolution": "m"} | self.units
        write_columns(path, {f"{name} [{units[name]}]": getattr(self, name) for name in names})


def lithium_profile(
    solution: "Solution",
    direction: tuple[float, float] | Literal["x", "y"] = "x",
    *,
    carrier: str = "Li",
    regions: str | tuple[str, ...] | None = None,
    resolution: float | str | Callable[[FloatArray], ArrayLike] = "1 nm",
    ends: Ends = "open",
    bin_width: float | str | None = None,
) -> CarrierProfile:
    """Return the profile of a carrier along a direction, as EELS or depth profiling sees it.

    All of the carrier is projected on the direction, exactly, in bins, and every bin is spread
    with a Gaussian. Its width may grow with the depth, as by the straggling of the ions of neutron
    depth profiling. No lithium is lost: the total is that of `Solution.amount`.

    The carriers of a model are the mobile ions only, often an effective density of them; lithium
    that does not move is not in the profile. Source: J. F. Ziegler, G. W. Cole, J. E. E. Baglin,
    Journal of Applied Physics 43, 3809 (1972) (neutron depth profiling).

    Args:
        solution: the state.
        direction: "x", "y", or a vector along which the profile runs; of a body of revolution "y",
            its axis.
        carrier: the carrier.
        regions: only what is in these; default: everywhere.
        resolution: full width at half maximum [m, or text with a unit], 0: none; or a function of
            the depth [m], an array, from the first point of the mesh.
        ends: "open": nothing is beyond the ends of the mesh, as in depth profiling of a film, and
            the profile runs out there; "continued": the specimen goes on as its mirror image.
        bin_width: [m, or text with a unit]; default: a fifth of the (smallest) resolution.

    Raises:
        InputError: an unknown carrier or region, no direction, bins coarser than a third of the
            resolution, or too many of them.
    """
    model = solution.model
    if ends not in ("open", "continued"):
        raise unknown_name("way to treat the ends", str(ends), ("open", "continued"))
    along = _direction(solution, direction)
    points = np.column_stack([model.mesh.points @ along, model.mesh.points @ [-along[1], along[0]]])
    low, high = points.min(axis=0), points.max(axis=0)
    width = _width(resolution, float(high[0] - low[0]))
    edges = _bins(low[0], high[0], width, bin_width, ends)
    position = 0.5 * (edges[1:] + edges[:-1]) - low[0]
    fwhm = width(position)

    held = np.nan_to_num(solution[_concentration(solution, carrier)].values) * solution.site_volume
    if isinstance(regions, str):
        regions = (regions,)
    if regions is not None and not regions:
        raise InputError("regions is empty; name some, or leave it out for all")
    for region in regions or ():
        if region not in model.mesh.region_names:
            raise unknown_name("region", region, model.mesh.region_names)
    if regions is not None:
        numbers = [model.mesh.region_names.index(region) for region in regions]
        held[~np.isin(solution.site_region, numbers)] = 0.0

    margin = 1e-9 * (high[1] - low[1])
    across = np.array([low[1] - margin, high[1] + margin])
    piece = overlap(points, model.mesh.triangles, edges, across)
    share = _shares(solution, piece.triangle, piece.area, piece.weight)
    sites = solution.site_triangles[piece.triangle]
    n = len(edges) - 1
    true, section = (
        np.asarray(np.bincount(piece.pixel, (share * quantity[sites]).sum(axis=1), n), dtype=float)
        for quantity in (held, solution.site_volume)
    )
    response = _response(edges - low[0], fwhm, ends)
    seen, seen_section = response @ true, response @ section
    size = edges[1] - edges[0]
    whole = section.sum() / (high[0] - low[0]) * size
    return CarrierProfile(
        position=position,
        amount=seen / size,
        true_amount=true / size,
        concentration=_over(seen, seen_section, whole),
        true_concentration=_over(true, section, whole),
        resolution=fwhm,
        total=float(seen.sum()),
        units=_UNITS[model.coordinates],
    )


_UNITS = {
    coordinates: {
        "amount": unit,
        "true_amount": unit,
        "concentration": "mol/m^3",
        "true_concentration": "mol/m^3",
    }
    for coordinates, unit in (("planar", "mol/m^2"), ("axisymmetric", "mol/m"))
}


@dataclass(frozen=True, eq=False, repr=False)
class ConcentrationMap(Picture):
    """A map of a carrier, see `lithium_map`.

    Attributes:
        concentration: mean over the specimen as seen [mol/m3], 0 where the carrier is absent,
            (n_rows, n_columns).
    """

    concentration: FloatArray

    units: ClassVar[dict[str, str]] = {"concentration": "mol/m^3"}


def lithium_map(
    solution: "Solution",
    *,
    carrier: str = "Li",
    resolution: float | str = "1 nm",
    pixel: float | str | None = None,
    window: Window | None = None,
) -> ConcentrationMap:
    """Return a map of a carrier as a spectrum image (STEM-EELS, ToF-SIMS) shows it.

    The concentration blurred by a Gaussian; the amount is conserved. See `lithium_profile` for
    what the carriers of a model are.

    Args:
        solution: the state, in planar coordinates.
        carrier: the carrier.
        resolution: full width at half maximum [m, or text with a unit]; 0: none.
        pixel: size of the pixels [m, or text with a unit]; default: a fifth of the resolution.
        window: (x first, x last, y first, y last) [m] to show, default: the mesh.

    Raises:
        InputError: axisymmetric coordinates, an unknown carrier, pixels coarser than a third of
            the resolution, too many of them, or a window off the mesh.
    """
    if solution.model.coordinates == "axisymmetric":
        raise InputError(
            "a map along the beam needs a plane model; of a body of revolution lithium_profile "
            "gives the profile along its axis"
        )
    held = np.nan_to_num(solution[_concentration(solution, carrier)].values) * solution.site_volume
    raster, width, part = raster_for(solution, resolution, pixel, window)
    seen = raster.blur(width).spread(raster.amounts(held, centred=width > 0.0), raster.share)[part]
    share = raster.share[part]
    volume = share * raster.pixel[0] * raster.pixel[1]
    return ConcentrationMap(
        x=raster.x[part[1]],
        y=raster.y[part[0]],
        region=raster.region[part],
        resolution=width,
        concentration=np.divide(seen, volume, out=np.full_like(seen, np.nan), where=share > 0.0),
    )


def _concentration(solution: "Solution", carrier: str) -> str:
    if carrier not in solution.model.carriers:
        raise unknown_name("carrier", carrier, solution.model.carriers)
    return f"concentration_{carrier}"


def _direction(solution: "Solution", direction: object) -> FloatArray:
    """Return the unit vector of a direction."""
    named = {"x": (1.0, 0.0), "y": (0.0, 1.0)}
    if isinstance(direction, str) and direction not in named:
        raise unknown_name("direction", direction, named)
    vector = np.asarray(named[direction] if isinstance(direction, str) else direction, dtype=float)
    size = float(np.linalg.norm(vector)) if vector.shape == (2,) else 0.0
    if not (np.isfinite(size) and size > 0.0):
        raise InputError(f"a direction is 'x', 'y' or a vector (x, y), not {direction!r}")
    if solution.model.coordinates == "axisymmetric" and abs(vector[0]) > 1e-9 * size:
        raise InputError(
            "the profile of a body of revolution runs along its axis, direction='y'; across it "
            "every depth is seen through others"
        )
    return np.asarray(vector / size)


def _width(
    resolution: float | str | Callable[[FloatArray], ArrayLike], extent: float
) -> Callable[[FloatArray], FloatArray]:
    """Return the full width at half maximum [m] as a function of the depth [m]."""
    if not callable(resolution):
        fixed = length("resolution", resolution, zero=True)
        return lambda depth: np.full(np.shape(depth), fixed)
    given = resolution

    def width(depth: FloatArray) -> FloatArray:
        inside = np.clip(depth, 0.0, extent)
        values = np.broadcast_to(np.asarray(given(inside), dtype=float), inside.shape)
        if not (np.isfinite(values).all() and (values > 0.0).all()):
            raise InputError(
                "a resolution that is a function of the depth [m] must return positive widths [m] "
                f"from 0 to {extent:.4g} m"
            )
        return np.array(values)

    return width


def _bins(
    first: float,
    last: float,
    width: Callable[[FloatArray], FloatArray],
    bin_width: float | str | None,
    ends: Ends,
) -> FloatArray:
    """Return equidistant edges [m]: some are at both ends of the mesh."""
    extent = last - first
    at_ends = width(np.linspace(0.0, extent, 101))
    finest, coarsest = float(at_ends.min()), float(at_ends.max())
    if bin_width is None:
        size = finest / _USUAL if finest > 0.0 else extent / _DEFAULT
    else:
        size = length("bin_width", bin_width)
        if 0.0 < finest < PER_WIDTH * size:
            raise InputError(
                f"bins of {size * 1e9:.4g} nm cannot show a resolution of {finest * 1e9:.4g} nm: "
                f"give bin_width <= {finest / PER_WIDTH * 1e9:.4g} nm (a third of the resolution), "
                "leave it out, or set resolution=0 for the profile as it is"
            )
    inner = max(1, int(np.ceil(extent / size - 1e-9)))
    size = extent / inner
    outer = int(np.ceil(_REACH * coarsest / FWHM / size)) if ends == "open" else 0
    if inner + 2 * outer > _MOST:
        raise InputError(
            f"{inner + 2 * outer} bins of {size * 1e9:.4g} nm are more than {_MOST}; give a "
            "coarser resolution or bin_width, or a model of the part that matters"
        )
    return np.asarray(first + size * np.arange(-outer, inner + outer + 1), dtype=float)


def _shares(
    solution: "Solution", triangle: np.ndarray, area: FloatArray, weight: FloatArray
) -> FloatArray:
    """Return the share of each site's holding that is in each piece, (k, 3)."""
    part = area[:, None] * weight
    if solution.model.coordinates == "axisymmetric":
        corner = solution.model.mesh.points[solution.model.mesh.triangles[triangle], 0]
        part = part * (weight * corner).sum(axis=1)[:, None]
    sites = solution.site_triangles[triangle]
    whole = np.bincount(sites.ravel(), part.ravel(), len(solution.site_region))
    return np.asarray(part / whole[sites], dtype=float)


def _response(edges: FloatArray, fwhm: FloatArray, ends: Ends) -> FloatArray:
    """Return the share (n, n) of what is at the middle of bin j that is seen in bin i.

    Columns sum to one: what would be beyond the first or last edge is in the end bins, or mirrored
    back. Taking a bin at its middle and averaging over another are of one size and opposite signs.
    """
    from scipy.special import ndtr

    n, size = len(edges) - 1, edges[1] - edges[0]
    if not fwhm.any():
        return np.eye(n)
    sigma = fwhm / FWHM
    middle = 0.5 * (edges[1:] + edges[:-1])
    if ends == "open":
        below = ndtr((edges[1:-1, None] - middle) / sigma)
        below = np.vstack([np.zeros(n), below, np.ones(n)])
        return np.asarray(np.diff(below, axis=0), dtype=float)
    total, period = np.zeros((n, n)), 2.0 * n * size
    for turn in range(
        -int(np.ceil(6.0 * sigma.max() / period)) - 1, int(np.ceil(6.0 * sigma.max() / period)) + 2
    ):
        for image in (middle + turn * period, 2.0 * edges[0] - middle + turn * period):
            total += np.diff(ndtr((edges[:, None] - image) / sigma), axis=0)
    return np.asarray(total / total.sum(axis=0), dtype=float)


def _over(amount: FloatArray, section: FloatArray, whole: float) -> FloatArray:
    """Return a concentration, NaN where less than a thousandth of a section is seen."""
    there = section > 1e-3 * whole
    return np.divide(amount, section, out=np.full_like(amount, np.nan), where=there)
