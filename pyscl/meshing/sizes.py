"""What a mesh has to resolve: sizes normal to interfaces, along them, and away from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pyscl.errors import InputError, unknown_name
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.materials import Material

TRANSITION_GROWTH = 1.5
"""Growth of the layers beyond the depth that is resolved, until they are as thick as wide."""

MOST_LAYERS = 1000
"""Layers on one side of an interface; more are a slip in the sizes."""


@dataclass(frozen=True)
class MeshSizes:
    """Element sizes by region.

    Lengths are numbers in metres or texts with a unit, "1 nm"; they are kept as floats.

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
        sides: name or names of outer sides that get layers too, because contacts on them have
            a space charge layer.

    Raises:
        InputError: a size that is no positive length, or a growth outside its range.
    """

    resolve: Mapping[str, float] = field(default_factory=dict)
    per_length: float = 4.0
    growth: float = 1.2
    depth: float = 6.0
    along: float | Mapping[str, float] | None = None
    bulk: float | Mapping[str, float] | None = None
    sides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.resolve, Mapping):
            raise InputError(
                f"resolve must map regions to lengths, e.g. {{'electrolyte': '1 nm'}}, not "
                f"{self.resolve!r}."
            )
        for what in ("resolve", "along", "bulk"):
            value = getattr(self, what)
            if isinstance(value, Mapping):
                places = {n: _positive(f"{what} of region '{n}'", v) for n, v in value.items()}
                object.__setattr__(self, what, places)
            elif value is not None:
                object.__setattr__(self, what, _positive(what, value))
        for what in ("per_length", "growth", "depth"):
            object.__setattr__(self, what, _number(what, getattr(self, what), "1"))
        object.__setattr__(self, "sides", _names(self.sides))
        if not self.per_length > 0.0:
            raise InputError(f"per_length must be > 0 layers, not {self.per_length:g}.")
        if not 1.0 < self.growth <= 1.3:
            raise InputError(
                f"growth must be above 1 and at most 1.3, not {self.growth:g}; faster growth "
                "loses the accuracy of the first layer."
            )
        if not self.depth >= 1.0:
            raise InputError(f"depth must be at least 1 length, not {self.depth:g}.")

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

    def check_extent(self, thinnest: float) -> None:
        """Refuse first layers that are lost in the rounding of the coordinates.

        Args:
            thinnest: distance below which places are the same [m].

        Raises:
            InputError: a layer is as thin.
        """
        for region, length in self.resolve.items():
            first = length / self.per_length
            if not first > thinnest:
                raise InputError(
                    f"resolve of region '{region}': the first layer of {first:.3g} m (length / "
                    f"per_length) must be above {thinnest:.3g} m, 1e-9 of the domain. "
                    "Resolve a longer length, or lower per_length."
                )

    def layers(self, region: str, thickest: float) -> list[float]:
        """Return the thicknesses [m] of the layers in a region up to the thickness `thickest`.

        Raises:
            InputError: more layers than `MOST_LAYERS`.
        """
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
            if len(layers) > MOST_LAYERS:
                raise InputError(
                    f"region '{region}' would get more than {MOST_LAYERS} layers beside its "
                    f"interfaces (first {first:.3g} m, growth {self.growth:g}, depth "
                    f"{depth:.3g} m). Raise growth, or lower per_length or depth."
                )
        return layers


def _number(what: str, value: Any, unit: str) -> float:
    """Return a number or a text with a unit as a float in `unit`."""
    try:
        return parse(value, unit)
    except InputError as error:
        text = str(error).rstrip(".")
        raise InputError(f"{what}: {text}.") from None


def _positive(what: str, value: Any) -> float:
    size = _number(what, value, "m")
    if not size > 0.0:
        raise InputError(f"{what} must be a length > 0 m, not {size:g}.")
    return size


def _names(sides: Any) -> tuple[str, ...]:
    """Return one name or several as a tuple."""
    names = (sides,) if isinstance(sides, str) else sides
    names = tuple(names) if isinstance(names, Iterable) else (None,)
    if not all(isinstance(name, str) for name in names):
        raise InputError(f"sides must be names of outer sides, e.g. ('left',), not {sides!r}.")
    return names
