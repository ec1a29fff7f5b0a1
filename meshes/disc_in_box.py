"""Disc of radius 10 nm in a box of 60 x 60 nm, rings on both sides: disc_in_box.msh."""

import gmsh
from rings import Layers, box, disc, finish, grow_from, start


def main() -> None:
    """Write the mesh."""
    start("disc_in_box")
    layers = Layers(count=6, first=0.3, growth=1.2)
    sides = box(-30, -30, 60, 60)
    inclusion = disc(0, 0, radius=10, tangential=1.0, inner=layers, outer=layers)
    around = gmsh.model.geo.addPlaneSurface([sides.loop, inclusion.rim.loop()])
    gmsh.model.geo.synchronize()
    finish(
        "disc_in_box",
        [grow_from(inclusion.curves, 1.0, slope=0.15, largest=3.0)],
        {"inclusion": inclusion.inside, "electrolyte": [around, *inclusion.outside]},
        {name: [curve] for name, curve in sides.sides.items()},
    )


if __name__ == "__main__":
    main()
