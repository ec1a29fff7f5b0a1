"""Fields on a regular grid of pixels, with exact means and integrals."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import InputError
from pyscl.instruments.blur import Blur, Border, Shape
from pyscl.instruments.extent import Window, checked_window, length, located, periodic_axes
from pyscl.instruments.overlap import Overlap, overlap

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

PER_WIDTH = 3.0  # pixels per width of a probe, at least
_USUAL = 5.0  # pixels per width of a probe, unless given
_MOST = 4_000_000  # pixels
_REACH = 2.0  # widths of the probe around a window that are computed beside it


@dataclass(frozen=True, eq=False)
class Raster:
    """Equal pixels over a rectangle of a solution's mesh.

    `sample` takes a field at the centres of the pixels, linear within the triangles and with its
    jumps at interfaces. `mean` averages it over the part of each pixel inside the mesh, and
    `amounts` distributes what the sites hold, both exactly: their sums are the integrals.

    Attributes:
        solution: the solution.
        x_edges: edges of the columns [m], (n_columns + 1,).
        y_edges: edges of the rows [m], (n_rows + 1,).
    """

    solution: "Solution"
    x_edges: FloatArray
    y_edges: FloatArray

    @classmethod
    def of(cls, solution: "Solution", pixel: float | str, window: Window | None = None) -> "Raster":
        """Lay pixels over a window (x first, x last, y first, y last) [m]; default: the mesh.

        Args:
            solution: the solution.
            pixel: size of the pixels [m, or text with a unit]; made a little smaller so that they
                fill the window.
            window: part of the mesh to cover.

        Raises:
            InputError: no positive size, a window off the mesh, or more than four million pixels.
        """
        size = length("pixel", pixel)
        points = solution.model.mesh.points
        low, high = points.min(axis=0), points.max(axis=0)
        x0, x1, y0, y1 = checked_window(window, low, high)
        nx, ny = (max(1, int(np.ceil((b - a) / size - 1e-9))) for a, b in ((x0, x1), (y0, y1)))
        if nx * ny > _MOST:
            raise InputError(
                f"pixels of {size * 1e9:.4g} nm make a raster of {nx} x {ny}, more than "
                f"{_MOST / 1e6:g} million; give larger pixels (a coarser resolution), or a window="
                "(x first, x last, y first, y last) in m around what matters"
            )
        return cls(solution, np.linspace(x0, x1, nx + 1), np.linspace(y0, y1, ny + 1))

    @property
    def x(self) -> FloatArray:
        """Centres of the columns [m], (n_columns,)."""
        return np.asarray(0.5 * (self.x_edges[1:] + self.x_edges[:-1]))

    @property
    def y(self) -> FloatArray:
        """Centres of the rows [m], (n_rows,)."""
        return np.asarray(0.5 * (self.y_edges[1:] + self.y_edges[:-1]))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return len(self.y_edges) - 1, len(self.x_edges) - 1

    @property
    def pixel(self) -> tuple[float, float]:
        """Height and width of a pixel [m]."""
        rows, columns = self.shape
        return (
            float(np.ptp(self.y_edges)) / rows,
            float(np.ptp(self.x_edges)) / columns,
        )

    @cached_property
    def share(self) -> FloatArray:
        """Share of each pixel that is in the mesh, 0 to 1, (n_rows, n_columns)."""
        area = self._hats.sum(axis=1) / (self.pixel[0] * self.pixel[1])
        return np.clip(np.where(area > 1.0 - 1e-9, 1.0, area), 0.0, 1.0).reshape(self.shape)

    @cached_property
    def region(self) -> NDArray[np.str_]:
        """Region at the centre of each pixel, "" outside the mesh, (n_rows, n_columns)."""
        names = np.array([*self.solution.model.mesh.region_names, ""])
        triangle, _ = self._located
        number = np.where(triangle >= 0, self.solution.model.mesh.region[triangle], -1)
        return names[number].reshape(self.shape)

    def sample(self, name: str) -> FloatArray:
        """Return a field [its unit] at the centres of the pixels, NaN where it does not exist.

        (n_rows, n_columns), or (n_rows, n_columns, 2) of a vector field.

        Raises:
            InputError: there is no such field.
        """
        field = self.solution[name]
        triangle, weight = self._located
        if field.location == "site":
            values = (weight * field.values[self.solution.site_triangles[triangle]]).sum(axis=1)
        else:
            values = field.values[triangle]
        outside = (triangle < 0).reshape(-1, *[1] * (values.ndim - 1))
        return np.where(outside, np.nan, values).reshape(*self.shape, *values.shape[1:])

    def mean(self, values: ArrayLike, *, by_triangle: bool = False) -> FloatArray:
        """Return means over the part of each pixel in the mesh, NaN outside.

        Args:
            values: on the sites (n_sites,), linear in the triangles; or on the triangles, (m,) or
                (m, 2).
            by_triangle: whether they are of triangles.

        Returns:
            (n_rows, n_columns), or (n_rows, n_columns, 2).
        """
        given = np.asarray(values, dtype=float)
        weights = self._areas if by_triangle else self._hats
        area = weights.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = (weights @ given) / (area if given.ndim == 1 else area[:, None])
        return np.asarray(found).reshape(*self.shape, *given.shape[1:])

    def amounts(
        self, amounts: ArrayLike, *, by_node: bool = False, centred: bool = False
    ) -> FloatArray:
        """Return what is in each pixel of amounts that sites or nodes hold, (n_rows, n_columns).

        Each amount is spread over the triangles around it, falling linearly to the other corners.
        A raster over the whole mesh has the same sum.

        Args:
            amounts: of every site (n_sites,), or of every mesh node (n_points,).
            by_node: whether they are of mesh nodes.
            centred: move some to the neighbouring pixels so that, taken as sitting at the centres,
                they have the true centroid and width. A probe then does not see the pixels.
        """
        held = np.asarray(amounts, dtype=float)
        whole = self._weights
        if by_node:
            node = self.solution.model.discretized.site_node
            whole = np.asarray(np.bincount(node, whole, len(held))[node], dtype=float)
            held = held[node]
        density = held / whole
        own = np.asarray(self._hats @ density).reshape(self.shape)
        if not centred:
            return own
        total = own.copy()
        for axis, (first, second) in enumerate(self._moments):
            mean, square = (np.asarray(m @ density).reshape(self.shape) for m in (first, second))
            wraps = self.borders[axis] == "periodic"
            ahead, behind = (_neighbours(self.share, axis, k, wraps) for k in (1, -1))
            free = (ahead > 0.0) & (behind > 0.0)
            up, down = (np.where(free, 0.5 * (square + k * mean), 0.0) for k in (1, -1))
            total -= up + down
            total += _moved(up, axis, 1, wraps) + _moved(down, axis, -1, wraps)
        return total

    def blur(self, width: float, shape: Shape = "gaussian") -> Blur:
        """Return a probe of some width [m] on this raster, with the borders of the model."""
        return Blur(width, self.pixel, shape, self.borders)

    @cached_property
    def borders(self) -> tuple[Border, Border]:
        """What is beyond the borders of the raster along y and along x."""
        low, high = (f(self.solution.model.mesh.points, axis=0) for f in (np.min, np.max))
        wraps = periodic_axes(self.solution.model)
        spans = (
            wraps[1] and np.allclose(self.y_edges[[0, -1]], [low[1], high[1]], rtol=1e-9),
            wraps[0] and np.allclose(self.x_edges[[0, -1]], [low[0], high[0]], rtol=1e-9),
        )
        along_y, along_x = ("periodic" if whole else "mirror" for whole in spans)
        return along_y, along_x  # type: ignore[return-value]

    @cached_property
    def ramp(self) -> FloatArray:
        """Linear part of the potential in periodic cells with a jump [V], (n_rows, n_columns).

        What is left without it repeats. Zero where the raster does not span the cell.
        """
        total = np.zeros(self.shape)
        model = self.solution.model
        axes = ((self.x_edges, self.x[None, :], 1), (self.y_edges, self.y[:, None], 0))
        for axis, (edges, at, border) in enumerate(axes):
            if self.borders[border] != "periodic":
                continue
            for pair in model.periodic:
                first, second = (
                    model.mesh.points[np.unique(model.mesh.facets_of(side)), axis].mean()
                    for side in pair.sides
                )
                if abs(second - first) > 0.5 * np.ptp(edges):
                    total = total + pair.potential_jump * (at - first) / (second - first)
        return total

    def blurred_potential(self, width: float, means: FloatArray) -> FloatArray:
        """Return pixel means of a potential [V] as a probe of some width [m] sees them."""
        return self.blur(width).of(means - self.ramp, self.share) + self.ramp

    @cached_property
    def _pieces(self) -> Overlap:
        mesh = self.solution.model.mesh
        return overlap(mesh.points, mesh.triangles, self.x_edges, self.y_edges)

    @cached_property
    def _hats(self) -> "csr_array":
        """Integral of the hat function of every site over every pixel [m2]."""
        from scipy.sparse import coo_array

        piece = self._pieces
        sites = self.solution.site_triangles[piece.triangle]
        n = self.shape[0] * self.shape[1]
        values = (piece.area[:, None] * piece.weight).ravel()
        places = (np.repeat(piece.pixel, 3), sites.ravel())
        return coo_array((values, places), shape=(n, len(self.solution.site_region))).tocsr()

    @cached_property
    def _moments(self) -> list[tuple["csr_array", "csr_array"]]:
        """First and second moments of the hats in every pixel [m2], along y and along x.

        Distances from the centre of the pixel in pixels. The width of a piece is taken to be that
        of a rectangle as wide as the pixel, shrunk with its area.
        """
        from scipy.sparse import coo_array

        mesh, piece = self.solution.model.mesh, self._pieces
        corner = mesh.points[mesh.triangles[piece.triangle]]
        centre = (piece.weight[:, :, None] * corner).sum(axis=1)
        row, column = np.divmod(piece.pixel, self.shape[1])
        own = piece.area / (self.pixel[0] * self.pixel[1]) / 12.0
        n = self.shape[0] * self.shape[1], len(self.solution.site_region)
        sites = self.solution.site_triangles[piece.triangle].ravel()
        places = (np.repeat(piece.pixel, 3), sites)
        hats = piece.area[:, None] * piece.weight
        found = []
        for along, middle, size in (
            (centre[:, 1], self.y[row], self.pixel[0]),
            (centre[:, 0], self.x[column], self.pixel[1]),
        ):
            off = (along - middle) / size
            first, second = (
                coo_array(((hats * factor[:, None]).ravel(), places), shape=n).tocsr()
                for factor in (off, off**2 + own)
            )
            found.append((first, second))
        return found

    @cached_property
    def _areas(self) -> "csr_array":
        """Area of every triangle in every pixel [m2]."""
        from scipy.sparse import coo_array

        piece = self._pieces
        n = self.shape[0] * self.shape[1], self.solution.model.mesh.n_triangles
        return coo_array((piece.area, (piece.pixel, piece.triangle)), shape=n).tocsr()

    @cached_property
    def _weights(self) -> FloatArray:
        """Integral of the hat function of every site [m2], (n_sites,)."""
        third = np.repeat(self.solution.model.mesh.areas / 3.0, 3)
        n = len(self.solution.site_region)
        return np.asarray(np.bincount(self.solution.site_triangles.ravel(), third, n), dtype=float)

    @cached_property
    def _located(self) -> tuple[NDArray[np.intp], FloatArray]:
        """Triangle of the centre of each pixel, -1 outside, and its barycentric coordinates."""
        x, y = np.meshgrid(self.x, self.y)
        return located(self.solution, np.column_stack([x.ravel(), y.ravel()]))


def _neighbours(values: FloatArray, axis: int, step: int, wraps: bool) -> FloatArray:
    """Return for every pixel the value one step further along an axis; ends are mirrored."""
    found = np.roll(values, -step, axis=axis)
    if not wraps:
        end = (slice(None),) * axis + (-1 if step > 0 else 0,)
        found[end] = values[end]
    return found


def _moved(amounts: FloatArray, axis: int, step: int, wraps: bool) -> FloatArray:
    """Return amounts moved by one step along an axis; what leaves at an end is mirrored back."""
    found = np.roll(amounts, step, axis=axis)
    if not wraps:
        first, last = ((slice(None),) * axis + (k,) for k in (0, -1))
        start, end = (first, last) if step > 0 else (last, first)
        found[end] = found[end] + amounts[end]
        found[start] = 0.0
    return found


def raster_for(
    solution: "Solution",
    resolution: float | str,
    pixel: float | str | None,
    window: Window | None,
) -> tuple[Raster, float, tuple[slice, slice]]:
    """Return the raster of a probe, its width [m], and the part of the raster that was asked for.

    A window is computed with its surroundings, so that the probe sees what is beside it.

    Raises:
        InputError: a negative resolution, pixels that cannot show it, or what `Raster.of` refuses.
    """
    width = length("resolution", resolution, zero=True)
    mesh = solution.model.mesh
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    asked = checked_window(window, low, high)
    if pixel is None:
        size = width / _USUAL if width > 0.0 else max(np.ptp(asked[:2]), np.ptp(asked[2:])) / 400.0
    else:
        size = length("pixel", pixel)
        if 0.0 < width < PER_WIDTH * size:
            raise InputError(
                f"pixels of {size * 1e9:.4g} nm cannot show a resolution of {width * 1e9:.4g} nm: "
                f"give pixel <= {width / PER_WIDTH * 1e9:.4g} nm (a third of the resolution), "
                "leave pixel out, or set resolution=0 for the field as it is"
            )
    if window is None:
        raster = Raster.of(solution, size)
        return raster, width, (slice(None), slice(None))
    wide = (
        max(asked[0] - _REACH * width, low[0]),
        min(asked[1] + _REACH * width, high[0]),
        max(asked[2] - _REACH * width, low[1]),
        min(asked[3] + _REACH * width, high[1]),
    )
    raster = Raster.of(solution, size, wide)
    rows = np.flatnonzero((raster.y >= asked[2]) & (raster.y <= asked[3]))
    columns = np.flatnonzero((raster.x >= asked[0]) & (raster.x <= asked[1]))
    if not len(rows) or not len(columns):
        raise InputError(f"no pixel of {size * 1e9:.4g} nm has its centre in the window {window}")
    return (
        raster,
        width,
        (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)),
    )
