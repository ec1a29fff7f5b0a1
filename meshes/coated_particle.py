"""Active particle with a broken coating of BaTiO3 islands in electrolyte: coated_particle.msh.

Six islands, annular segments of 30 degrees and 4 nm thickness, cover half of the surface.
"""

import math

import gmsh
from rings import Layers, annulus, box, circle, finish, grow_from, start

RADIUS, SECTORS, CELLS = 25.0, 12, 14
INNER = Layers(count=6, first=0.4, growth=1.25)
COATING = Layers(count=6, first=0.4, growth=1.2)
OUTER = Layers(count=4, first=0.6, growth=1.2)


def main() -> None:
    """Write the mesh."""
    start("coated_particle")
    sides = box(-50, -50, 100, 100)
    top = RADIUS + COATING.thickness
    core, surface, coated, rim = (
        circle(0, 0, radius, CELLS, SECTORS, start=math.pi / SECTORS)
        for radius in (RADIUS - INNER.thickness, RADIUS, top, top + OUTER.thickness)
    )
    band = annulus(surface, core, INNER)
    coating = annulus(surface, coated, COATING)
    cover = annulus(coated, rim, OUTER)
    inside = gmsh.model.geo.addPlaneSurface([core.loop()])
    around = gmsh.model.geo.addPlaneSurface([sides.loop, rim.loop()])
    gmsh.model.geo.synchronize()
    finish(
        "coated_particle",
        [grow_from([*core.arcs, *rim.arcs], 1.0, slope=0.2, largest=5.0)],
        {
            "active": [inside, *band],
            "electrolyte": [around, *cover, *coating[1::2]],
            "inclusion": coating[0::2],
        },
        {name: [curve] for name, curve in sides.sides.items()},
    )


if __name__ == "__main__":
    main()
