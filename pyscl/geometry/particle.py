"""One particle in a box of electrolyte, bare or coated."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pyscl.errors import GeometryError
from pyscl.geometry.coating import Coated, Coating, coat
from pyscl.geometry.deadline import Deadline
from pyscl.geometry.generator import Axis, Generator, RegionName, Seed, different
from pyscl.geometry.geometry import Geometry
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.partition import Partition
from pyscl.geometry.shapes import Disc, Shape, offset
from pyscl.materials.schema import InputModel
from pyscl.units import Extent, Length


class Shell(InputModel):
    """An outer layer of a particle that belongs to it: the core is what remains inside.

    Attributes:
        region: its name.
        thickness: [m].
    """

    region: RegionName = "shell"
    thickness: Extent


class Particle(Generator):
    """A particle in a rectangle of electrolyte.

    Attributes:
        width: of the rectangle [m].
        height: of the rectangle [m].
        radius: of a disc [m]; or
        shape: disc, ellipse, polygon or outline.
        centre: of the particle [m]; the middle of the rectangle if not given.
        active: region of the particle.
        electrolyte: region around it.
        coating: on its surface.
        shell: outer layer of the particle itself.
        periodic: directions in which the rectangle repeats.
        cut: whether the sides may cut the particle (they need not, for periodic directions).
        seed: of the random places and sizes of islands.
    """

    kind: Literal["particle"] = "particle"
    width: Extent
    height: Extent
    radius: Extent | None = None
    shape: Shape | None = None
    centre: tuple[Length, Length] | None = None
    active: RegionName = "active"
    electrolyte: RegionName = "electrolyte"
    coating: Coating | None = None
    shell: Shell | None = None
    periodic: Annotated[tuple[Axis, ...], Field(max_length=2)] = ()
    cut: bool = False
    seed: Seed = 0

    @model_validator(mode="after")
    def _one_shape(self) -> "Particle":
        if (self.radius is None) == (self.shape is None):
            raise ValueError("give either radius (of a disc) or shape")
        coating = self.coating.region if self.coating else None
        different(self.active, self.electrolyte, coating, self.shell.region if self.shell else None)
        return self

    def partition(self) -> Partition:
        """Return the curves; achieved: area fractions, lengths, "coverage of <active>".

        Raises:
            GeometryError: particle or coating do not fit, islands touch, a region is empty.
        """
        shape = self.shape or Disc(radius=self.radius or 0.0)
        centre = self.centre or (self.width / 2.0, self.height / 2.0)
        outline = shape.outline(centre)
        coated = Coated((), 0.0)
        if self.coating:
            coated = coat(
                self.coating,
                outline,
                lambda distance: shape.outline(centre, distance),
                np.random.default_rng(self.seed),
                Deadline(),
                isinstance(shape, Disc),
            )
        self._check_room(outline, coated)
        geometry = Geometry(self.width, self.height, self.electrolyte, self.periodic)
        for polygon in coated.polygons:
            geometry.paint(self.coating.region if self.coating else "", polygon)
        for region, line in strokes(outline, self.active, self.shell):
            geometry.paint(region, line)
        partition = geometry.partition()
        if self.coating:
            self._check_coverage(partition, self.coating)
        return partition

    def _check_coverage(self, partition: Partition, coating: Coating) -> None:
        """Report the coverage that was reached; refuse one that was missed."""
        surface, inner = (self.shell.region, self.active) if self.shell else (self.active, None)
        reached = coverage(partition, surface, coating.region, inner)
        if not self.cut and abs(reached - coating.coverage) > 1e-6:
            raise GeometryError(
                f"the coating covers {reached:.6g} of the surface, not {coating.coverage:g}: its "
                "islands hide behind parts of the particle or reach over it. Use other islands."
            )
        partition.achieved[f"coverage of {surface}"] = reached

    def _check_room(self, outline: NDArray[np.float64], coated: Coated) -> None:
        """Refuse what reaches through a side it must not touch."""
        low, high = outline.min(axis=0), outline.max(axis=0)
        size = np.array([self.width, self.height])
        if np.any(high - low >= size) and not self.cut:
            raise GeometryError(
                f"the particle spans {in_nm(*(high - low))} and does not fit into the cell of "
                f"{in_nm(self.width, self.height)}."
            )
        if self.cut:
            return
        reach = [low, high]
        for polygon in coated.polygons:
            bounds = np.array(polygon.bounds)
            reach = [np.minimum(reach[0], bounds[:2]), np.maximum(reach[1], bounds[2:])]
        for k, (axis, sides) in enumerate((("x", ("left", "right")), ("y", ("bottom", "top")))):
            if axis in self.periodic:
                if reach[1][k] - reach[0][k] >= size[k]:
                    raise GeometryError(
                        f"the coating of {in_nm(coated.thickness)} is thicker than the gap to the "
                        f"next particle in {axis}, {in_nm(size[k] - high[k] + low[k])}."
                    )
                continue
            for side, gap, room in zip(
                sides,
                (low[k], size[k] - high[k]),
                (reach[0][k], size[k] - reach[1][k]),
                strict=True,
            ):
                if gap <= 0:
                    raise GeometryError(
                        f"the particle reaches through the side '{side}' by {in_nm(-gap)}. Move "
                        "its centre, enlarge the box, or allow it with cut: true."
                    )
                if room <= 0:
                    raise GeometryError(
                        f"the coating of {in_nm(coated.thickness)} is thicker than the gap of "
                        f"{in_nm(gap)} between the particle and the side '{side}'."
                    )


def strokes(
    outline: NDArray[np.float64], region: str, shell: Shell | None
) -> list[tuple[str, NDArray[np.float64]]]:
    """Return region and outline [m] of a particle, and of its core above them if it has a shell."""
    if shell:
        return [(shell.region, outline), (region, offset(outline, -shell.thickness))]
    return [(region, outline)]


def coverage(partition: Partition, surface: str, coating: str, inner: str | None) -> float:
    """Return the part of a surface that is coated, where it borders other regions.

    Args:
        partition: the curves.
        surface: region whose surface is meant.
        coating: region on it.
        inner: region inside it (the core below a shell), which is no part of its surface.
    """
    covered = whole = 0.0
    for chain in partition.chains:
        sides = {chain.left, chain.right}
        if surface in sides and inner not in sides and None not in sides:
            whole += chain.length
            covered += chain.length if coating in sides else 0.0
    return covered / whole if whole else 0.0
