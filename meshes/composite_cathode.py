"""Composite cathode of 400 x 300 nm: composite_cathode.msh.

Active particles, pores and BaTiO3 inclusions are discs in solid electrolyte, placed one after
the other at random (fixed seed), large ones first. Half of the inclusions sit next to a particle.
"""

import math
from dataclasses import dataclass

import gmsh
import numpy as np
from rings import Disc, Layers, box, disc, finish, grow_from, start

WIDTH, HEIGHT = 400.0, 300.0
SEED = 7

PARTICLE_RADII = (40, 39, 37, 33, 29, 25, 22, 20, 19, *(18,) * 11)
PORE_RADII = (9, 8, 8, 7, 7, 6, 6, 6)
NEAR_RADII = (8, 8, 7, 7, 7, 6, 6, 6, 6, 5, 5, 5, 4, 4, 4, 4)
FREE_RADII = (8, 8, 7, 7, 6, 6, 6, 6, 5, 5, 5, 5, 4, 4, 4, 4)

INNER_BAND = Layers(count=7, first=0.54, growth=1.25)  # inside a particle surface
BAND = Layers(count=4, first=0.54, growth=1.3)  # outside it
RING = Layers(count=1, first=1.0, growth=1.0)  # around an inclusion
CLEARANCE = 1.0  # between the rings of neighbours [nm]


@dataclass(frozen=True)
class Place:
    """A disc to be meshed; `reach` is its radius with the rings around it."""

    x: float
    y: float
    radius: float
    reach: float


class Packing:
    """Places discs in the box without overlap of their rings."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.places: list[Place] = []

    def fits(self, place: Place) -> bool:
        """Whether a disc keeps its distance from the sides and from all others."""
        margin = place.reach + CLEARANCE
        inside = margin <= place.x <= WIDTH - margin and margin <= place.y <= HEIGHT - margin
        return inside and all(
            math.dist((place.x, place.y), (other.x, other.y)) >= margin + other.reach
            for other in self.places
        )

    def add(self, radii: tuple[float, ...], ring: float, hosts: list[Place]) -> list[Place]:
        """Place one disc per radius; next to one of `hosts` if there are any."""
        added = []
        for radius in radii:
            for _ in range(200_000):
                place = self._propose(radius, radius + ring, hosts)
                if self.fits(place):
                    break
            else:
                raise RuntimeError(f"no room for a disc of radius {radius} nm; try another seed")
            self.places.append(place)
            added.append(place)
        return added

    def _propose(self, radius: float, reach: float, hosts: list[Place]) -> Place:
        if not hosts:
            x, y = self._random.uniform((0, 0), (WIDTH, HEIGHT))
            return Place(x, y, radius, reach)
        host = hosts[self._random.integers(len(hosts))]
        distance = host.reach + reach + CLEARANCE + self._random.uniform(0.01, 1.0)
        angle = self._random.uniform(0, 2 * math.pi)
        return Place(
            host.x + distance * math.cos(angle), host.y + distance * math.sin(angle), radius, reach
        )


def main() -> None:
    """Write the mesh."""
    packing = Packing(SEED)
    particles = packing.add(PARTICLE_RADII, BAND.thickness, hosts=[])
    near = packing.add(NEAR_RADII, RING.thickness, hosts=particles)
    pores = packing.add(PORE_RADII, 0.0, hosts=[])
    free = packing.add(FREE_RADII, RING.thickness, hosts=[])

    start("composite_cathode")
    sides = box(0, 0, WIDTH, HEIGHT)
    active = [disc(p.x, p.y, p.radius, 2.0, inner=INNER_BAND, outer=BAND) for p in particles]
    inclusions = [disc(p.x, p.y, p.radius, 1.8, outer=RING) for p in near + free]
    holes = [disc(p.x, p.y, p.radius, 2.5) for p in pores]
    discs = active + inclusions + holes
    matrix = gmsh.model.geo.addPlaneSurface([sides.loop, *(d.rim.loop() for d in discs)])
    gmsh.model.geo.synchronize()
    finish(
        "composite_cathode",
        [
            grow_from(_curves(active), 2.0, slope=0.55, largest=12.0),
            grow_from(_curves(inclusions), 1.8, slope=0.55, largest=12.0),
            grow_from(_curves(holes), 2.5, slope=0.55, largest=12.0),
        ],
        {
            "active": [surface for d in active for surface in d.inside],
            "electrolyte": [matrix, *(surface for d in discs for surface in d.outside)],
            "inclusion": [surface for d in inclusions for surface in d.inside],
            "pore": [surface for d in holes for surface in d.inside],
        },
        {
            "separator": [sides.sides["left"]],
            "collector": [sides.sides["right"]],
            "bottom": [sides.sides["bottom"]],
            "top": [sides.sides["top"]],
        },
    )


def _curves(discs: list[Disc]) -> list[int]:
    return [curve for d in discs for curve in d.curves]


if __name__ == "__main__":
    main()
