"""Coatings on a particle: continuous, or islands, conformal or lens-shaped."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pyscl.errors import GeometryError
from pyscl.geometry.deadline import Deadline
from pyscl.geometry.generator import RegionName
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.spans import MOST_PIECES, Positions, along, lengths_of
from pyscl.geometry.surface import Surface, arc_between
from pyscl.materials.schema import InputModel
from pyscl.units import ContactAngle, Extent, Share

FloatArray = NDArray[np.float64]

_CURVED = 64  # points on the arc of a lens


class Coating(InputModel):
    """A coating of a particle.

    Attributes:
        region: its name.
        coverage: part of the surface that is coated; 0 is no coating, 1 a continuous one.
        count: number of islands, for a coverage between 0 and 1.
        form: "conformal" islands have constant thickness, "lens" ones are bounded by an arc.
        thickness: of the coating, or at the middle of a lens [m].
        contact_angle: between the surface and the side of an island, measured inside the island
            [deg]. Conformal islands: 90 if not given. Lenses: gives the thickness, too.
        positions: "even" gaps between the islands, or "random" ones.
        spread: standard deviation of the logarithm of the island lengths.
    """

    region: RegionName = "coating"
    coverage: Share = 1.0
    count: Annotated[int, Field(ge=1, le=MOST_PIECES)] = 1
    form: Literal["conformal", "lens"] = "conformal"
    thickness: Extent | None = None
    contact_angle: ContactAngle | None = None
    positions: Positions = "even"
    spread: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0

    @model_validator(mode="after")
    def _determined(self) -> "Coating":
        continuous = self.coverage == 1.0
        if self.coverage == 0.0:
            return self
        if (continuous or self.form == "conformal") and self.thickness is None:
            what = "a continuous coating" if continuous else "a conformal island"
            raise ValueError(f"{what} needs a thickness, e.g. '5 nm'")
        if not continuous and self.form == "lens":
            if (self.thickness is None) == (self.contact_angle is None):
                raise ValueError("a lens needs either its thickness or its contact_angle")
        return self


@dataclass(frozen=True, eq=False)
class Coated:
    """Shapes [m] of a coating, to be painted before the particle that covers their inner part.

    Attributes:
        polygons: shapely polygons.
        thickness: largest distance from the surface [m].
    """

    polygons: tuple[Any, ...]
    thickness: float


def coat(
    coating: Coating,
    outline: FloatArray,
    grown: Callable[[float], FloatArray],
    rng: np.random.Generator,
    deadline: Deadline,
    round_particle: bool = False,
) -> Coated:
    """Return the shapes of a coating.

    Args:
        coating: what to make.
        outline: (n, 2) of the particle, counter-clockwise [m].
        grown: distance [m] -> the outline at that distance outside.
        rng: source of the places and sizes of islands.
        deadline: of the whole geometry.
        round_particle: whether the outline is a circle.

    Raises:
        GeometryError: the islands do not fit, touch each other, or take too long.
    """
    import shapely

    if coating.coverage == 0.0:
        return Coated((), 0.0)
    if coating.coverage == 1.0:
        thickness = coating.thickness or 0.0
        return Coated((shapely.Polygon(grown(thickness)),), thickness)
    surface = Surface.of(outline)
    spans = island_spans(coating, surface.length, rng)
    thickness, shapes = coating.thickness or 0.0, []
    conformal = coating.form == "conformal"
    whole = shapely.Polygon(grown(thickness)) if conformal else None
    smooth = _is_smooth(outline)
    for n, (a, b) in enumerate(spans):
        deadline.check(f"{n} of {len(spans)} islands of a coating are there", "Use fewer islands.")
        if conformal:
            shapes.append((_island(coating, surface, a, b, whole, smooth), thickness))
        else:
            shapes.append(_lens(coating, surface, a, b, round_particle))
    _check_apart([shape for shape, _ in shapes], shapely.Polygon(outline))
    return Coated(tuple(s for s, _ in shapes), max(t for _, t in shapes))


def island_spans(
    coating: Coating, length: float, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Return begin and end [m] of each island along a surface of a given length [m]."""
    sizes = lengths_of(coating.count, coating.coverage * length, coating.spread, rng)
    spans = along(sizes, length, coating.positions, rng)
    start = rng.random() * length if coating.positions == "random" else 0.0
    shift = start - sum(spans[0]) / 2.0
    return [(a + shift, b + shift) for a, b in spans]


def _island(
    coating: Coating, surface: Surface, a: float, b: float, whole: Any, smooth: bool
) -> Any:
    """Return a part of the continuous coating `whole` between flanks at a and b [m]."""
    import shapely

    thickness = coating.thickness or 0.0
    angle = math.radians(90.0 if coating.contact_angle is None else coating.contact_angle)
    if not smooth:
        if coating.contact_angle not in (None, 90.0):
            raise GeometryError(
                "conformal islands on a particle with corners have upright flanks; leave out "
                "contact_angle, or choose a disc or an ellipse."
            )
        base = shapely.LineString(surface.between(a, b))
        sector = shapely.buffer(base, 1.5 * thickness, cap_style="flat", quad_segs=90)
        return shapely.intersection(whole, sector)
    lean = thickness / math.tan(angle)
    if 2.0 * lean >= b - a:
        raise GeometryError(
            f"islands {in_nm(b - a)} long with a contact angle of {math.degrees(angle):g} deg come "
            f"to a point below their thickness of {in_nm(thickness)}. Make them thinner, fewer, or "
            "lenses."
        )
    reach = 1.5 * thickness
    flanks = [
        surface.at(s)
        + sign * math.cos(angle) / math.sin(angle) * h * surface.tangent(s)
        + h * surface.normal(s)
        for s, sign, h in (
            (a, 1, -0.5 * thickness),
            (a, 1, reach),
            (b, -1, reach),
            (b, -1, -0.5 * thickness),
        )
    ]
    inset = 1.5 * max(lean, 0.0)
    top = [
        surface.at(s) + reach * surface.normal(s)
        for s in np.linspace(a + inset, b - inset, _CURVED)
    ]
    inner = [
        surface.at(s) - 0.5 * thickness * surface.normal(s) for s in np.linspace(b, a, _CURVED)
    ]
    sector = shapely.Polygon([flanks[0], flanks[1], *top[1:-1], flanks[2], flanks[3], *inner[1:-1]])
    return shapely.intersection(whole, shapely.make_valid(sector))


def _lens(
    coating: Coating, surface: Surface, a: float, b: float, round_particle: bool
) -> tuple[Any, float]:
    """Return a lens on the surface between a and b [m], and its thickness [m]."""
    import shapely

    start, end, middle = surface.at(a), surface.at(b), surface.at((a + b) / 2.0)
    chord = float(np.linalg.norm(end - start))
    along = (end - start) / chord
    outward = np.array([along[1], -along[0]])
    rise = float((middle - start) @ outward)
    if b - a >= surface.length / 2.0:
        raise GeometryError(
            "a lens cannot cover half of a particle or more; use more islands or less coverage."
        )
    if coating.contact_angle is not None:
        if not round_particle:
            raise GeometryError(
                "lenses by contact_angle stand on discs only; give their thickness instead."
            )
        half = (b - a) / surface.length * math.pi + math.radians(coating.contact_angle)
    else:
        half = 2.0 * math.atan(2.0 * (rise + (coating.thickness or 0.0)) / chord)
    if half >= math.pi * 0.98:
        raise GeometryError(
            "the contact angle is too large for islands of this size: the lens would close to a "
            "full circle. Use more islands or a smaller angle."
        )
    arc = arc_between(start, end, half, _CURVED)
    foot = (start + end) / 2.0 - 0.25 * chord * outward
    height = chord / 2.0 * math.tan(half / 2.0) - rise
    return shapely.Polygon([*arc, foot]), height


def _check_apart(shapes: list[Any], particle: Any) -> None:
    """Refuse islands that touch each other outside of the particle."""
    import shapely

    outside = [shapely.difference(shape, particle) for shape in shapes]
    first, second = shapely.STRtree(outside).query(outside, predicate="intersects")
    if (first != second).any():
        raise GeometryError(
            "islands of the coating touch each other. Use a smaller coverage, spread or contact "
            "angle, or positions: even."
        )


def _is_smooth(outline: FloatArray) -> bool:
    """Whether no corner of an outline turns by more than 10 degrees."""
    step = np.diff(np.concatenate([outline, outline[:1]]), axis=0)
    angle = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    turn = np.diff(np.append(angle, angle[0] + 2.0 * np.pi))
    return bool(np.all(np.abs(turn) < math.radians(10.0)))
