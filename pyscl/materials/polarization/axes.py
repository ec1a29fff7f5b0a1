"""Crystal axes: the direction of crystal axis 1 in every grain of a region.

A grain is a connected part of a region, over edges of the mesh and over periodic sides. Grains are
ordered by the centroids of their triangles, by x and then by y, so that random axes depend on the
seed and the geometry but not on the numbering of the triangles. Angles are counted from x (r)
towards y (z).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, field_validator, model_validator

from pyscl.materials.schema import InputModel, failure
from pyscl.units import Angle, Length, Number, UnitValue

if TYPE_CHECKING:
    from pyscl.mesh import Mesh

FloatArray = NDArray[np.float64]

_NOT_A_UNIT_VECTOR = 1e-6  # deviation of the length from 1 that is refused
_SAME_PLACE = 9  # decimals of a coordinate over the extent of the mesh


Joined = Sequence[tuple[str, str]]
"""Pairs of periodic sides, names of facet groups; the second is a translated copy of the first."""


def grains(mesh: "Mesh", region: int, joined: Joined = ()) -> NDArray[np.int32]:
    """Return the number of the grain of every triangle of a region, (k,), from 0.

    Args:
        mesh: the mesh.
        region: number of the region, index into `mesh.region_names`.
        joined: periodic sides, across which a grain goes on.
    """
    return _grains_and_shifts(mesh, region, joined)[0]


def _grains_and_shifts(
    mesh: "Mesh", region: int, joined: Joined
) -> tuple[NDArray[np.int32], FloatArray]:
    """Return the grain of every triangle of a region (k,), and its shift [m] (k, 2).

    The shifts put the parts of a grain together that periodic sides cut. They are 0 for the first
    part of each grain, by its centroid.
    """
    from pyscl.mesh.parts import connected_parts

    inside = np.flatnonzero(mesh.region == region)
    _, label = np.unique(connected_parts(mesh)[inside], return_inverse=True)
    part = _ranked(mesh, inside, label)
    first, offset = _put_together(_count(part), _links(mesh, inside, part, joined))
    _, label = np.unique(first[part], return_inverse=True)
    return _ranked(mesh, inside, label), offset[part]


def _ranked(
    mesh: "Mesh", triangles: NDArray[np.intp], label: NDArray[np.intp]
) -> NDArray[np.int32]:
    """Return labels (k,) from 0 as ranks of the centroids of their triangles."""
    low, extent = mesh.points.min(axis=0), np.ptp(mesh.points, axis=0).max()
    places = np.round((grain_centroids(mesh, triangles, label) - low) / extent, _SAME_PLACE)
    rank = np.empty(len(places), dtype=np.int32)
    rank[np.lexsort((places[:, 1], places[:, 0]))] = np.arange(len(places))
    return rank[label]


def _links(
    mesh: "Mesh", inside: NDArray[np.intp], part: NDArray[np.int32], joined: Joined
) -> list[tuple[int, int, FloatArray]]:
    """Return (part, part beside it, shift [m] that puts that one there) over periodic sides."""
    from pyscl.mesh.parts import joined_nodes

    of_triangle = np.full(mesh.n_triangles, -1)
    of_triangle[inside] = part
    of_edge = np.full(len(mesh.edges.count), -1)
    of_edge[mesh.edges.of_side] = np.repeat(of_triangle, 3)  # right on the outer boundary
    found: list[tuple[int, int, FloatArray]] = []
    for sides in joined:
        nodes, shift = joined_nodes(mesh, sides)
        partner = np.full(mesh.n_points, -1, dtype=np.int32)
        partner[nodes[:, 0]] = nodes[:, 1]
        facets = mesh.facets_of(sides[0])
        facets = facets[(partner[facets] >= 0).all(axis=1)]
        image = mesh.edges.find(partner[facets])
        here, there = of_edge[mesh.edges.find(facets)], np.where(image < 0, -1, of_edge[image])
        touching = np.unique(np.column_stack([here, there]), axis=0)
        for a, b in touching[(touching >= 0).all(axis=1)].tolist():
            found += [(a, b, -shift), (b, a, shift)]
    return found


def _put_together(
    n_parts: int, links: list[tuple[int, int, FloatArray]]
) -> tuple[NDArray[np.int32], FloatArray]:
    """Return the first part of the grain of each part (n,), and the shift beside it [m] (n, 2)."""
    first, offset = np.full(n_parts, -1, dtype=np.int32), np.zeros((n_parts, 2))
    for start in range(n_parts):
        reached = [start] if first[start] < 0 else []
        first[reached] = start
        for part in reached:  # grows
            for a, b, shift in links:
                if a == part and first[b] < 0:
                    first[b], offset[b] = start, offset[a] + shift
                    reached.append(b)
    return first, offset


def grain_centroids(mesh: "Mesh", triangles: NDArray[np.intp], grain: NDArray[Any]) -> FloatArray:
    """Return the centroids of grains [m], (n_grains, 2).

    Args:
        mesh: the mesh.
        triangles: (k,) triangle numbers.
        grain: (k,) number of the grain of each, from 0 without gaps.
    """
    weight = mesh.areas[triangles]
    middle = mesh.points[mesh.triangles[triangles]].mean(axis=1)
    area = np.bincount(grain, weight)
    return np.column_stack([np.bincount(grain, weight * x) / area for x in middle.T])


class CrystalAxes(InputModel):
    """The direction of crystal axis 1 in the plane, per grain; the base of all kinds.

    Axis 2 lies in the plane as well, 90 degrees further; axis 3 is normal to the plane.
    """

    def angles(self, mesh: "Mesh", region: int, joined: Joined = ()) -> FloatArray:
        """Return the angle of axis 1 [rad] in every triangle of a region, (k,).

        Args:
            mesh: the mesh.
            region: number of the region, index into `mesh.region_names`.
            joined: periodic sides, across which a grain goes on.
        """
        raise NotImplementedError(f"{type(self).__name__} has no angles")


class _Directed(CrystalAxes):
    """Axes around one direction, given by an angle or by a unit vector; along x without both."""

    angle: Angle | None = None
    direction: tuple[Number, Number] | None = None

    @field_validator("direction")
    @classmethod
    def _unit_vector(cls, direction: tuple[float, float] | None) -> tuple[float, float] | None:
        if direction is None:
            return None
        length = float(np.hypot(*direction))
        if abs(length - 1.0) > _NOT_A_UNIT_VECTOR:
            x, y = direction
            advice = "divide by it" if length > 0.0 else "give a direction"
            raise ValueError(
                f"axis not a unit vector: ({x:g}, {y:g}), its length is {length:g}; {advice}"
            )
        return direction

    @model_validator(mode="after")
    def _one_of_both(self) -> "_Directed":
        if self.angle is not None and self.direction is not None:
            raise failure("axes", "give angle or direction, not both", ("direction",))
        return self

    @property
    def mean_angle(self) -> float:
        """Angle of the direction [rad]."""
        if self.direction is not None:
            return float(np.arctan2(self.direction[1], self.direction[0]))
        return float(np.radians(self.angle or 0.0))


class AlignedAxes(_Directed):
    """The same axis in all grains.

    Attributes:
        angle: angle of axis 1 [deg]; without angle and direction it is along x.
        direction: axis 1 as a unit vector (x, y).
    """

    kind: Literal["aligned"] = "aligned"

    def angles(self, mesh: "Mesh", region: int, joined: Joined = ()) -> FloatArray:
        """Return the angle of axis 1 [rad] in every triangle of a region, (k,)."""
        return np.full(int((mesh.region == region).sum()), self.mean_angle)


class RandomAxes(CrystalAxes):
    """An axis per grain, all directions of the plane equally probable.

    Attributes:
        seed: of the random directions.
    """

    kind: Literal["random"] = "random"
    seed: Annotated[int, Field(ge=0)] = 0

    def angles(self, mesh: "Mesh", region: int, joined: Joined = ()) -> FloatArray:
        """Return the angle of axis 1 [rad] in every triangle of a region, (k,)."""
        grain = grains(mesh, region, joined)
        drawn = np.random.default_rng(self.seed).uniform(0.0, 2.0 * np.pi, _count(grain))
        return drawn[grain]


class TexturedAxes(_Directed):
    """An axis per grain, normally distributed around a direction.

    Attributes:
        angle: mean angle of axis 1 [deg]; without angle and direction it is along x.
        direction: mean direction of axis 1 as a unit vector (x, y).
        spread: standard deviation of the angle [deg].
        seed: of the random directions.
    """

    kind: Literal["textured"] = "textured"
    spread: Annotated[float, UnitValue("deg", minimum=0.0)]
    seed: Annotated[int, Field(ge=0)] = 0

    def angles(self, mesh: "Mesh", region: int, joined: Joined = ()) -> FloatArray:
        """Return the angle of axis 1 [rad] in every triangle of a region, (k,)."""
        grain = grains(mesh, region, joined)
        drawn = np.random.default_rng(self.seed).standard_normal(_count(grain))
        return self.mean_angle + np.radians(self.spread) * drawn[grain]


class RadialAxes(CrystalAxes):
    """Axis 1 points away from a centre, in every triangle.

    Attributes:
        center: (x, y) [m]; None: the centroid of the grain, put together over periodic sides.
    """

    kind: Literal["radial"] = "radial"
    center: tuple[Length, Length] | None = None

    def angles(self, mesh: "Mesh", region: int, joined: Joined = ()) -> FloatArray:
        """Return the angle of axis 1 [rad] in every triangle of a region, (k,)."""
        inside = np.flatnonzero(mesh.region == region)
        middle = mesh.points[mesh.triangles[inside]].mean(axis=1)
        if self.center is not None:
            away = middle - np.array(self.center)
        else:
            grain, shift = _grains_and_shifts(mesh, region, joined)
            middle = middle + shift
            weight = mesh.areas[inside]
            total = [np.bincount(grain, weight * x) for x in middle.T]
            away = middle - (np.array(total) / np.bincount(grain, weight)).T[grain]
        return np.arctan2(away[:, 1], away[:, 0])


def _count(grain: NDArray[np.int32]) -> int:
    return int(grain.max(initial=-1)) + 1


def _short_forms(value: Any) -> Any:
    """Accept the name of a kind that needs nothing else, or an angle, or a unit vector."""
    if isinstance(value, str):
        return {"kind": value} if value[:1].isalpha() else {"kind": "aligned", "angle": value}
    if isinstance(value, (list, tuple)):
        return {"kind": "aligned", "direction": value}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"kind": "aligned", "angle": value}
    return value


AnyAxes = AlignedAxes | RandomAxes | TexturedAxes | RadialAxes

Axes = Annotated[
    Annotated[AnyAxes, Field(discriminator="kind")],
    BeforeValidator(_short_forms, json_schema_input_type=str | tuple[float, float] | AnyAxes),
]
"""Axes of any kind, as a mapping with the key "kind", or one of the short forms: the name of a
kind ("random"), an angle ("30 deg"), or a unit vector ([0.6, 0.8]); the last two mean aligned."""
