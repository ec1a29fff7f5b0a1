"""What a mesh has to resolve: sizes normal to interfaces, along them, and away from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pyscl.errors import InputError, unknown_name

if TYPE_CHECKING:
    from pyscl.materials import Material

TRANSITION_GROWTH = 1.5
"""Growth of the layers beyond the depth that is resolved, until they are as thick as wide."""


@dataclass(frozen=True)
class MeshSizes:
    """Element sizes by region.

    Attributes:
        resolve: region -> length [m] to be resolved normal to its interfaces, its Debye or site
            length; a region not named gets no layers.
        per_length: layers per that length at the interface.
        growth: from one layer to the next, 1 < growth <= 1.3.
        depth: distance from the interface to which `growth` holds, in units of the length; the
            layers then grow faster until they are as thick as wide.
        along: largest size along interfaces [m], one for all or by region. None chooses: as long
            as the layers leave no negative edge weight, sqrt(2 R h) for the first layer h at a
            radius of curvature R.
        bulk: largest size away from interfaces [m], one for all or by region; None: 1/20 of the
            longer side of the domain.
        sides: names of outer sides that get layers too, because contacts on them have a space
            charge layer.

    Raises:
        InputError: a size that is not positive, or a growth outside its range.
    """

    resolve: Mapping[str, float] = field(default_factory=dict)
    per_length: float = 4.0
    growth: float = 1.2
    depth: float = 6.0
    along: float | Mapping[str, float] | None = None
    bulk: float | Mapping[str, float] | None = None
    sides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "resolve", dict(self.resolve))
        object.__setattr__(self, "sides", tuple(self.sides))
        for what in ("along", "bulk"):
            value = getattr(self, what)
            if isinstance(value, Mapping):
                object.__setattr__(self, what, dict(value))
        for what in ("resolve", "along", "bulk"):
            for place, size in self._by_place(what).items():
                if not 0.0 < size < float("inf"):
                    raise InputError(f"{what}{place} must be a length > 0 m, not {size:g}.")
        if not self.per_length > 0.0:
            raise InputError(f"per_length must be > 0 layers, not {self.per_length:g}.")
        if not 1.0 < self.growth <= 1.3:
            raise InputError(
                f"growth must be above 1 and at most 1.3, not {self.growth:g}; faster growth "
                "loses the accuracy of the first layer."
            )
        if not self.depth >= 1.0:
            raise InputError(f"depth must be at least 1 length, not {self.depth:g}.")

    def _by_place(self, what: str) -> dict[str, float]:
        value = getattr(self, what)
        if isinstance(value, dict):
            return {f" of region '{name}'": float(size) for name, size in value.items()}
        return {} if value is None else {"": float(value)}

    @classmethod
    def for_materials(
        cls,
        materials: "Mapping[str, Material]",
        temperature: float,
        length: Literal["debye", "site"] = "debye",
        **others: Any,
    ) -> "MeshSizes":
        """Resolve the screening lengths of materials.

        Args:
            materials: region -> material.
            temperature: [K].
            length: "debye" for depletion and small drops; "site" for strong accumulation, where
                the layer is as thin as the site length of the densest carrier.
            others: the other attributes.

        Raises:
            InputError: an unknown length.
        """
        from pyscl.validity import screening_lengths

        if length not in ("debye", "site"):
            raise unknown_name("length to resolve", length, ("debye", "site"))
        resolve = {}
        for region, material in materials.items():
            found = screening_lengths(material, temperature)
            if found is not None:
                shortest = min(found.debye_length, found.site_length)
                resolve[region] = found.debye_length if length == "debye" else shortest
        return cls(resolve=resolve, **others)

    def check_names(self, regions: tuple[str, ...], sides: tuple[str, ...]) -> None:
        """Refuse sizes for regions and sides that do not exist.

        Raises:
            InputError: an unknown name.
        """
        for what in ("resolve", "along", "bulk"):
            value = getattr(self, what)
            for name in value if isinstance(value, dict) else ():
                if name not in regions:
                    raise unknown_name("region", name, regions, f"of the sizes ({what})")
        for name in self.sides:
            if name not in sides:
                raise unknown_name("outer side", name, sides, "of the sizes")

    def first_layer(self, region: str | None) -> float | None:
        """Return the thickness [m] of the first layer in a region, None without layers."""
        length = None if region is None else self.resolve.get(region)
        return None if length is None else length / self.per_length

    def along_in(self, region: str) -> float | None:
        """Return the largest size [m] along the interfaces of a region, None to choose."""
        return self.along.get(region) if isinstance(self.along, Mapping) else self.along

    def bulk_in(self, region: str, extent: float) -> float:
        """Return the largest size [m] in a region of a domain of length `extent` [m]."""
        bulk = self.bulk.get(region) if isinstance(self.bulk, Mapping) else self.bulk
        return extent / 20.0 if bulk is None else bulk

    def layers(self, region: str, thickest: float) -> list[float]:
        """Return the thicknesses [m] of the layers in a region up to the thickness `thickest`."""
        first = self.first_layer(region)
        if first is None:
            return []
        depth = self.depth * self.resolve[region]
        layers: list[float] = []
        thickness, total = first, 0.0
        while thickness <= thickest or (not layers):
            layers.append(thickness)
            total += thickness
            thickness *= self.growth if total < depth else TRANSITION_GROWTH
        return layers
