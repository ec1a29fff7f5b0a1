"""Grains of a Voronoi diagram with layers of another region along their boundaries."""

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pyscl.errors import GeometryError
from pyscl.geometry.deadline import Deadline
from pyscl.geometry.generator import Axis, Generator, RegionName, Seed, different
from pyscl.geometry.geometry import Geometry
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.partition import Partition
from pyscl.units import Extent

FloatArray = NDArray[np.float64]


class Grains(Generator):
    """A polycrystal: cells nearest to random points, on a rectangle that repeats.

    Attributes:
        width: of the rectangle [m].
        height: of the rectangle [m].
        count: number of grains.
        grain: region of the grains; with `numbered`, "grain_1", "grain_2", ...
        numbered: whether every grain is a region of its own.
        boundary: region of the grain boundaries.
        boundary_thickness: of the layers between grains [m]; None for none (then `numbered`).
        evenness: number of Lloyd iterations, which make the grains more equal.
        periodic: directions in which the sides are the same line; grains that leave through a
            side always come back through the opposite one.
        seed: of the points.
    """

    kind: Literal["grains"] = "grains"
    width: Extent
    height: Extent
    count: Annotated[int, Field(ge=2, le=5000)]
    grain: RegionName = "grain"
    numbered: bool = False
    boundary: RegionName = "grain_boundary"
    boundary_thickness: Extent | None = None
    evenness: Annotated[int, Field(ge=0, le=200)] = 3
    periodic: Annotated[tuple[Axis, ...], Field(max_length=2)] = ()
    seed: Seed = 0

    @model_validator(mode="after")
    def _visible(self) -> "Grains":
        if self.boundary_thickness is None and not self.numbered:
            raise ValueError(
                "without boundary_thickness all grains are one region; give it, or numbered: true"
            )
        different(self.grain, self.boundary)
        return self

    def partition(self) -> Partition:
        """Return the curves; achieved: "mean grain size [m]" (diameter of the disc of equal area).

        Raises:
            GeometryError: the boundary layers swallow a grain, or it takes too long.
        """
        unit, deadline = np.array([self.width, self.height]), Deadline()
        points = np.random.default_rng(self.seed).random((self.count, 2)) * unit
        cells = _cells(points, unit)
        for n in range(self.evenness):
            deadline.check(
                f"{n} of {self.evenness} steps of evenness are done",
                "Use fewer grains or a lower evenness.",
            )
            points = np.array([_centroid(cell) for cell, _ in cells[: self.count]])
            cells = _cells(points % unit, unit)
        base = self.boundary if self.boundary_thickness else self._name(0)
        geometry = Geometry(self.width, self.height, base, self.periodic)
        self._paint(geometry, cells, unit, deadline)
        size = 2.0 * np.sqrt(self.width * self.height / self.count / np.pi)
        return geometry.partition({"mean grain size [m]": float(size)})

    def _name(self, k: int) -> str:
        return f"{self.grain}_{k + 1}" if self.numbered else self.grain

    def _paint(
        self,
        geometry: Geometry,
        cells: list[tuple[FloatArray, int]],
        unit: FloatArray,
        deadline: Deadline,
    ) -> None:
        """Paint all copies of the grains that reach into the rectangle."""
        import shapely

        frame, scale = shapely.box(0.0, 0.0, *(unit / unit.max())), unit.max()
        painted: set[int] = set()
        for cell, k in cells:
            deadline.check(
                f"{len(painted)} of {self.count} grains are painted", "Use fewer grains."
            )
            polygon: Any = shapely.Polygon(cell / scale)
            if self.boundary_thickness:
                shrink = 0.5 * self.boundary_thickness / scale
                polygon = shapely.buffer(polygon, -shrink, join_style="mitre", mitre_limit=1e3)
                if polygon.is_empty:
                    raise GeometryError(
                        f"boundary layers of {in_nm(self.boundary_thickness)} leave nothing of "
                        f"grain {k + 1}, which is about {in_nm(np.sqrt(_area(cell)))} wide. Use "
                        "thinner layers, fewer grains, or a higher evenness."
                    )
            if shapely.intersection(polygon, frame).area > 1e-12:
                painted.add(k)
                geometry.paint(self._name(k), shapely.transform(polygon, lambda p: p * scale))
        if len(painted) < self.count:
            raise GeometryError("a grain lies in no part of the rectangle; use another seed.")


def _cells(points: FloatArray, unit: FloatArray) -> list[tuple[FloatArray, int]]:
    """Return the cells of the points, then of their copies around, as corners (n, 2) and number."""
    from scipy.spatial import Voronoi

    # Two rings of copies: all cells that reach into the rectangle are finite and exact.
    shifts = [(i, j) for i in (0, -1, 1, -2, 2) for j in (0, -1, 1, -2, 2)]
    all_points = np.concatenate([points + np.array(shift) * unit for shift in shifts])
    diagram = Voronoi(all_points / unit.max())
    cells = []
    for number, region in enumerate(diagram.point_region):
        shift = shifts[number // len(points)]
        corners = diagram.regions[region]
        if max(abs(shift[0]), abs(shift[1])) > 1 or -1 in corners:
            continue
        corner = diagram.vertices[corners] * unit.max()
        centre = corner.mean(axis=0)
        order = np.argsort(np.arctan2(*(corner - centre).T[::-1]))
        cells.append((corner[order], number % len(points)))
    return cells


def _area(cell: FloatArray) -> float:
    x, y = (cell - cell[0]).T
    return 0.5 * float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))


def _centroid(cell: FloatArray) -> FloatArray:
    """Return the centroid (2,) of a convex polygon (n, 2)."""
    p = cell - cell[0]
    q = np.roll(p, -1, axis=0)
    cross = p[:, 0] * q[:, 1] - q[:, 0] * p[:, 1]
    return np.asarray(cell[0] + ((p + q) * cross[:, None]).sum(axis=0) / (3.0 * cross.sum()))
