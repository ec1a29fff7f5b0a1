"""The mesh of a run file: a file, or a geometry and the sizes with which it is meshed."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pyscl.errors import GeometryError
from pyscl.geometry import AnyGenerator, GeometryInput, Partition
from pyscl.materials import Material
from pyscl.materials.schema import InputModel, failure
from pyscl.units import Duration, Extent, Length, PositiveNumber, UnitValue, parse

if TYPE_CHECKING:
    from pyscl.meshing import MeshSizes

Point = tuple[Length, Length]
"""Coordinates x, y (planar) or r, z (axisymmetric) [m]."""

Resolution = Annotated[float | Literal["none"], UnitValue("m", above=0.0, words=("none",))]
"""A length to be resolved [m], or "none"."""

Growth = Annotated[float, UnitValue("1", above=1.0, maximum=1.3)]
Depth = Annotated[float, UnitValue("1", minimum=1.0)]


KINDS = tuple(sorted(kind.model_fields["kind"].default for kind in get_args(AnyGenerator)))
"""Of geometries."""


def _one_or_many(value: Any) -> str:
    return "by region" if isinstance(value, Mapping) else "length"


Size = Annotated[
    Annotated[Extent, Tag("length")] | Annotated[dict[str, Extent], Tag("by region")],
    Discriminator(_one_or_many),
]
"""One size for all regions, or sizes by region [m]."""


class SizesInput(InputModel):
    """Sizes of the elements; what is not given is chosen, see `pyscl.meshing.MeshSizes`.

    Attributes:
        resolve: by region, the length to be resolved normal to its interfaces [m], or "none";
            regions that are not named have the screening length of their material, the shortest
            one of all variants.
        length: the screening length that is meant: "debye", or "site" for strong accumulation.
        along: largest size along interfaces [m], one for all or by region.
        bulk: largest size away from interfaces [m], one for all or by region.
        per_length: layers per resolved length at the interface.
        growth: from one layer to the next.
        depth: distance to which `growth` holds, in resolved lengths.
        sides: outer sides that get layers, because contacts on them have space charge.
    """

    resolve: dict[str, Resolution] = Field(default_factory=dict)
    length: Literal["debye", "site"] = "debye"
    along: Size | None = None
    bulk: Size | None = None
    per_length: PositiveNumber | None = None
    growth: Growth | None = None
    depth: Depth | None = None
    sides: tuple[str, ...] = ()

    def mesh_sizes(
        self, cases: Iterable[Mapping[str, Material]], temperature: float, regions: Iterable[str]
    ) -> "MeshSizes":
        """Return the sizes for the regions of a geometry.

        Args:
            cases: the materials by region of every variant.
            temperature: [K].
            regions: names in the geometry.

        Raises:
            InputError: sizes outside their range.
        """
        from pyscl.meshing import MeshSizes

        shortest: dict[str, float] = {}
        for materials in cases:
            found = MeshSizes.for_materials(materials, temperature, self.length).resolve
            for region, length in found.items():
                shortest[region] = min(length, shortest.get(region, length))
        here = set(regions)
        resolve = {region: length for region, length in shortest.items() if region in here}
        for region, given in self.resolve.items():
            if isinstance(given, float):
                resolve[region] = given
            else:
                resolve.pop(region, None)
        names = ("along", "bulk", "per_length", "growth", "depth")
        others = {name: value for name in names if (value := getattr(self, name)) is not None}
        return MeshSizes(resolve=resolve, sides=self.sides, **others)


class MeshInput(InputModel):
    """Where the mesh comes from: give `file` or `geometry`.

    Attributes:
        file: path of a mesh; relative paths start at the folder of the run file.
        unit: length of one unit of the coordinates in the mesh file.
        geometry: what is meshed, with a `kind`: a generator or an image.
        sizes: of the elements, for a geometry.
        seed: of the mesh generator.
        time_limit: that the mesh of a geometry may take [s].
        cache: folder in which meshes are kept; None: that of the user.
        parts: name -> a point inside one connected part of a region, such as a single particle,
            which becomes a region of that name.
    """

    file: Path | None = None
    unit: str = "m"
    geometry: GeometryInput | None = None
    sizes: SizesInput = SizesInput()
    seed: Annotated[int, Field(ge=0)] = 0
    time_limit: Duration = 600.0
    cache: Path | None = None
    parts: dict[str, Point] = Field(default_factory=dict)
    _place: str = PrivateAttr(default="")

    @field_validator("geometry", mode="before")
    @classmethod
    def _of_a_kind(cls, geometry: Any) -> Any:
        if isinstance(geometry, Mapping) and "kind" not in geometry:
            raise ValueError(f"missing key 'kind'; it is one of {', '.join(KINDS)}")
        return geometry

    @field_validator("file")
    @classmethod
    def _found(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file is None:
            return None
        file = (info.context or {}).get("directory", Path()) / file
        if not file.is_file():
            raise ValueError(f"there is no file '{file}'; paths are relative to the run file")
        return file

    @field_validator("cache")
    @classmethod
    def _beside(cls, cache: Path | None, info: ValidationInfo) -> Path | None:
        return cache and (info.context or {}).get("directory", Path()) / cache.expanduser()

    @field_validator("unit")
    @classmethod
    def _length(cls, unit: str) -> str:
        parse(f"1 {unit}", "m")
        return unit

    @model_validator(mode="after")
    def _one_source(self, info: ValidationInfo) -> "MeshInput":
        if (self.file is None) == (self.geometry is None):
            both = "both file and geometry are given" if self.file else "neither file nor geometry"
            hint = "give file: the path of a mesh, or geometry: {kind: ..., ...} to have one made"
            raise failure("source", f"{both}; {hint}")
        made = self.geometry is not None
        for key in ("unit",) if made else ("sizes", "seed", "time_limit", "cache"):
            if key in self.model_fields_set:
                kind = "read from a file" if made else "made from a geometry"
                message = f"'{key}' has no effect; it is for a mesh that is {kind}"
                raise failure("key", message, (key,))
        self._place = (info.context or {}).get("geometry_place", "")
        return self

    @property
    def scale(self) -> float:
        """Length of one unit of the mesh file [m]."""
        return parse(f"1 {self.unit}", "m")

    def partition(self) -> Partition:
        """Return the curves of the geometry.

        Raises:
            GeometryError: they cannot be made; the message says where it was asked for and why.
        """
        if self.geometry is None:
            raise GeometryError(f"the mesh is read from {self.file}, it has no geometry.")
        try:
            return self.geometry.partition()
        except GeometryError as error:
            place = f"{self._place}: " if self._place else ""
            raise GeometryError(f"{place}no geometry '{self.geometry.kind}': {error}") from error
