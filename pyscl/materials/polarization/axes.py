"""Crystal axes: the direction of crystal axis 1 in every grain of a region.

A grain is a connected part of a region, over edges of the mesh. Grains are ordered by their
centroids, by x and then by y, so that random axes depend on the seed and the geometry but not on
the numbering of the triangles. Angles are counted from x (r) towards y (z).
"""

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


def grains(mesh: "Mesh", region: int) -> NDArray[np.int32]:
    """Return the number of the grain of every triangle of a region, (k,), from 0.

    Args:
        mesh: the mesh.
        region: number of the region, index into `mesh.region_names`.
    """
    from pyscl.mesh.parts import connected_parts

    inside = np.flatnonzero(mesh.region == region)
    _, label = np.unique(connected_parts(mesh)[inside], return_inverse=True)
    low, extent = mesh.points.min(axis=0), np.ptp(mesh.points, axis=0).max()
    places = np.round((grain_centroids(mesh, inside, label) - low) / extent, _SAME_PLACE)
    rank = np.empty(len(places), dtype=np.int32)
    rank[np.lexsort((places[:, 1], places[:, 0]))] = np.arange(len(places))
    return rank[label]


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

    def angles(self, mesh: "Mesh", region: int) -> FloatArray:
        """Return the angle of axis 1 [rad] in every triangle of a region, (k,).

        Args:
            mesh: the mesh.
            region: number of the region, index into `mesh.region_names`.
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

    def angles(self, mesh: "Mesh", region: int) -> FloatArray:
        """Return the angle of axis 1 [rad] in every triangle of a region, (k,)."""
        return np.full(int((mesh.region == region).sum()), self.mean_angle)


class RandomAxes(CrystalAxes):
    """An axis per grain, all directions of the plane equally probable.

    Attributes:
        seed: of the random directions.
    """

    kind: Literal["random"] = "random"
    seed: Annotated[int, Field(ge=0)] = 0

    def angles(self, mesh: "Mesh", region: int) -> FloatArray:
        """Return the angle of axis 1 [rad] in every triangle of a region, (k,)."""
        grain = grains(mesh, region)
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

    def angles(self, mesh: "Mesh", region: int) -> FloatArray:
        """Return the angle of axis 1 [rad] in every triangle of a region, (k,)."""
        grain = grains(mesh, region)
        drawn = np.random.default_rng(self.seed).standard_normal(_count(grain))
        return self.mean_angle + np.radians(self.spread) * drawn[grain]


class RadialAxes(CrystalAxes):
    """Axis 1 points away from a centre, in every triangle.

    Attributes:
        center: (x, y) [m]; None: the centroid of the grain.
    """

    kind: Literal["radial"] = "radial"
    center: tuple[Length, Length] | None = None

    def angles(self, mesh: "Mesh", region: int) -> FloatArray:
        """Return the angle of axis 1 [rad] in every triangle of a region, (k,)."""
        inside = np.flatnonzero(mesh.region == region)
        middle = mesh.points[mesh.triangles[inside]].mean(axis=1)
        if self.center is not None:
            away = middle - np.array(self.center)
        else:
            grain = grains(mesh, region)
            away = middle - grain_centroids(mesh, inside, grain)[grain]
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
