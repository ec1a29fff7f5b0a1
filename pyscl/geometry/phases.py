"""The phases of a packing, as input: shape, sizes, amount and place of their particles."""

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from pyscl.errors import GeometryError
from pyscl.geometry import bodies
from pyscl.geometry.bodies import Body
from pyscl.geometry.coating import Coating
from pyscl.geometry.generator import RegionName
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.particle import Shell
from pyscl.materials.schema import InputModel
from pyscl.units import Angle, Extent, Fraction, UnitValue

LARGEST_CHANGE = 0.15
"""Sizes may be scaled by this much to reach the target exactly."""

MOST_PARTICLES = 20_000
"""Most particles of one phase."""

_POINTS = 180  # around a particle of a packing


class Phase(InputModel):
    """Particles of one kind.

    Attributes:
        region: their name.
        fraction: their part of the area of the whole cell, shells included, coatings not.
        radius: of the disc with the area of a particle, the median of the distribution [m].
        spread: standard deviation of the logarithm of the radius.
        distribution: "lognormal" (within two deviations), or "uniform" with the same deviation.
        radii: given radii [m] instead of radius and spread, scaled together to reach the fraction.
        count: number of particles; if given, the radius is scaled by any factor.
        shape: of the particles.
        aspect_ratio: long over short axis of ellipses, length over width of wires.
        corners: of polygons.
        direction: of the long axes [deg]; random if not given.
        misalignment: standard deviation of the angle from `direction` [deg].
        where: "matrix" (apart from all others), "surface" (on particles of `hosts`), "triple-line"
            (where three regions meet).
        hosts: regions whose surface carries the particles; of triple lines, those that meet there.
        protrusion: how far the centre lies outside of the surface, in radii.
        shell: outer layer of the particles, of another region.
        coating: on the particles.
    """

    region: RegionName
    fraction: Fraction
    radius: Extent | None = None
    spread: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    distribution: Literal["lognormal", "uniform"] = "lognormal"
    radii: tuple[Extent, ...] = ()
    count: Annotated[int, Field(ge=1, le=MOST_PARTICLES)] | None = None
    shape: Literal["disc", "ellipse", "polygon", "wire"] = "disc"
    aspect_ratio: Annotated[float, Field(ge=1.0, le=100.0)] = 2.0
    corners: Annotated[int, Field(ge=3, le=20)] = 6
    direction: Angle | None = None
    misalignment: Annotated[float, UnitValue("deg", minimum=0.0)] = 0.0
    where: Literal["matrix", "surface", "triple-line"] = "matrix"
    hosts: tuple[RegionName, ...] = ()
    protrusion: Annotated[float, Field(ge=-0.8, le=0.8)] = 0.0
    shell: Shell | None = None
    coating: Coating | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Phase":
        if not self.radii and self.radius is None:
            raise ValueError("give the radius of the particles, or a list radii")
        if self.where != "matrix":
            if self.shape != "disc" or self.coating or self.shell:
                raise ValueError(f"particles on a {self.where} are bare discs")
            if self.where == "surface" and not self.hosts:
                raise ValueError("say on which regions' surface the particles are: hosts: [active]")
        if self.shape == "wire" and self.aspect_ratio < 1.2:
            raise ValueError("a wire has an aspect_ratio of at least 1.2; shorter ones are discs")
        return self

    def draw(self, area: float, rng: np.random.Generator) -> "np.ndarray[Any, Any]":
        """Return radii (n,) [m] of particles that have a total area [m2] exactly.

        Raises:
            GeometryError: no number of particles comes near the area.
        """
        if self.radii:
            given = np.array(self.radii)
            return self._scaled(given, area)
        median = self.radius or 0.0
        if self.count:
            radii = median * self._deviates(self.count, rng)
            return np.asarray(radii * math.sqrt(area / (math.pi * float(radii @ radii))))
        radii = np.empty(0)
        while math.pi * float(radii @ radii) < area:
            radii = np.append(radii, median * self._deviates(16, rng))
            if len(radii) > MOST_PARTICLES:
                raise GeometryError(
                    f"'{self.region}' needs more than {MOST_PARTICLES} particles of "
                    f"{in_nm(median)}; use larger ones or a smaller cell."
                )
        total = np.pi * np.cumsum(radii**2)
        number = int(np.searchsorted(total, area)) + 1
        if number > 1 and area - total[number - 2] < total[number - 1] - area:
            number -= 1
        return self._scaled(radii[:number], area)

    def _scaled(self, radii: "np.ndarray[Any, Any]", area: float) -> "np.ndarray[Any, Any]":
        factor = math.sqrt(area / (math.pi * float(radii @ radii)))
        if abs(factor - 1.0) > LARGEST_CHANGE:
            size = math.pi * float(np.mean(radii**2))
            raise GeometryError(
                f"a fraction of {self.fraction:g} of '{self.region}' is {area / size:.3g} "
                f"particles of {in_nm(np.sqrt(size / np.pi))}, and {len(radii)} of them would have "
                f"to be {factor:.3g} times as large. Change fraction, radius or cell, or give "
                "count."
            )
        return radii * factor

    def _deviates(self, count: int, rng: np.random.Generator) -> "np.ndarray[Any, Any]":
        """Return random radii (count,) in units of the median."""
        if self.spread == 0.0:
            return np.ones(count)
        if self.distribution == "uniform":
            half = min(math.sqrt(3.0) * self.spread, 0.95)
            return rng.uniform(1.0 - half, 1.0 + half, count)
        return np.exp(self.spread * np.clip(rng.standard_normal(count), -2.0, 2.0))

    def body(self, number: int, radius: float) -> Body:
        """Return a particle of the phase with a number and a radius [m]."""
        if self.shape == "ellipse":
            return bodies.ellipse(number, radius, self.aspect_ratio, _POINTS)
        if self.shape == "polygon":
            return bodies.polygon(number, radius, self.corners)
        if self.shape == "wire":
            aspect = self.aspect_ratio
            width = radius * math.sqrt(math.pi / (aspect - 1.0 + math.pi / 4.0))
            return bodies.wire(number, aspect * width, width, _POINTS // 2)
        return bodies.disc(number, radius, _POINTS)

    def angles(self, count: int, rng: np.random.Generator) -> "np.ndarray[Any, Any]":
        """Return the directions (count,) of particles [rad]."""
        if self.direction is None:
            return rng.uniform(0.0, 2.0 * np.pi, count)
        scatter = self.misalignment * rng.standard_normal(count)
        return np.radians(self.direction + scatter)

    @property
    def reach(self) -> float:
        """Thickness that is added to the particles on all sides [m]."""
        if self.coating is None or self.coating.coverage == 0.0:
            return 0.0
        return self.coating.thickness or 0.0
