"""Discs with structured rings for gmsh, shared by the generators of this folder. Lengths in nm.

A disc boundary that carries a space charge layer gets transfinite annuli on one or both sides:
elements normal to the boundary grow geometrically away from it, so that the layer is resolved
with few nodes, and the diagonal of every cell leaves no negative edge weight.
"""

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import gmsh

from pyscl.mesh import Mesh, check

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Layers:
    """Layers of elements away from a boundary: count, first size [nm], growth."""

    count: int
    first: float
    growth: float

    @property
    def thickness(self) -> float:
        """Sum of the layers [nm]."""
        if self.growth == 1.0:
            return self.count * self.first
        return self.first * (self.growth**self.count - 1) / (self.growth - 1)


@dataclass(frozen=True)
class Circle:
    """A circle of arcs, counter-clockwise: gmsh points and arcs."""

    radius: float
    points: list[int]
    arcs: list[int]

    def loop(self) -> int:
        """Return a new gmsh curve loop."""
        return gmsh.model.geo.addCurveLoop(self.arcs)


def circle(
    x: float, y: float, radius: float, cells: int, sectors: int = 4, start: float = 0.0
) -> Circle:
    """Add a circle of `sectors` equal arcs with `cells` elements each; `start` in radians."""
    geo = gmsh.model.geo
    centre = geo.addPoint(x, y, 0)
    angles = [start + 2 * math.pi * k / sectors for k in range(sectors)]
    points = [geo.addPoint(x + radius * math.cos(a), y + radius * math.sin(a), 0) for a in angles]
    arcs = [geo.addCircleArc(points[k - 1], centre, points[k]) for k in range(sectors)]
    arcs = arcs[1:] + arcs[:1]
    for arc in arcs:
        geo.mesh.setTransfiniteCurve(arc, cells + 1)
    return Circle(radius, points, arcs)


def annulus(start: Circle, end: Circle, layers: Layers) -> list[int]:
    """Add the structured surfaces between two circles, layers counted from `start`; by sector."""
    geo = gmsh.model.geo
    spokes = [geo.addLine(a, b) for a, b in zip(start.points, end.points, strict=True)]
    for spoke in spokes:
        geo.mesh.setTransfiniteCurve(spoke, layers.count + 1, "Progression", layers.growth)
    surfaces = []
    for k, spoke in enumerate(spokes):
        following = spokes[(k + 1) % len(spokes)]
        outline = [spoke, end.arcs[k], -following, -start.arcs[k]]
        if start.radius > end.radius:
            outline = [-curve for curve in reversed(outline)]
        surface = geo.addPlaneSurface([geo.addCurveLoop(outline)])
        geo.mesh.setTransfiniteSurface(surface, "Alternate")
        surfaces.append(surface)
    return surfaces


@dataclass(frozen=True)
class Disc:
    """A disc with rings.

    Attributes:
        inside: surfaces of the disc.
        outside: surfaces of the rings around it.
        rim: the outermost circle, a hole for the surface around.
        curves: circles at which unstructured elements begin.
    """

    inside: list[int]
    outside: list[int]
    rim: Circle
    curves: list[int]


def disc(
    x: float,
    y: float,
    radius: float,
    tangential: float,
    inner: Layers | None = None,
    outer: Layers | None = None,
) -> Disc:
    """Add a disc with structured rings inside and outside its boundary.

    Args:
        x: centre [nm].
        y: centre [nm].
        radius: radius [nm].
        tangential: element size along the boundary [nm].
        inner: layers inside the boundary, None for none.
        outer: layers outside the boundary, None for none.
    """
    cells = math.ceil(2 * math.pi * radius / tangential / 4)
    boundary = core = rim = circle(x, y, radius, cells)
    inside, outside = [], []
    if inner:
        core = circle(x, y, radius - inner.thickness, cells)
        inside = annulus(boundary, core, inner)
    if outer:
        rim = circle(x, y, radius + outer.thickness, cells)
        outside = annulus(boundary, rim, outer)
    inside.append(gmsh.model.geo.addPlaneSurface([core.loop()]))
    return Disc(inside, outside, rim, sorted({*core.arcs, *rim.arcs}))


@dataclass(frozen=True)
class Box:
    """An axis-parallel rectangle: its curve loop and sides by name."""

    loop: int
    sides: dict[str, int]


def box(x: float, y: float, width: float, height: float) -> Box:
    """Add a rectangle with its lower left corner at (x, y) [nm]."""
    geo = gmsh.model.geo
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    points = [geo.addPoint(*corner, 0) for corner in corners]
    names = ("bottom", "right", "top", "left")
    sides = {name: geo.addLine(points[k], points[(k + 1) % 4]) for k, name in enumerate(names)}
    return Box(geo.addCurveLoop(list(sides.values())), sides)


def grow_from(curves: list[int], size: float, slope: float, largest: float) -> int:
    """Add a size field: `size` at the curves, plus `slope` per distance, up to `largest` [nm]."""
    field = gmsh.model.mesh.field
    distance = field.add("Distance")
    field.setNumbers(distance, "CurvesList", curves)
    field.setNumber(distance, "Sampling", 60)
    threshold = field.add("Threshold")
    field.setNumber(threshold, "InField", distance)
    field.setNumber(threshold, "SizeMin", size)
    field.setNumber(threshold, "SizeMax", largest)
    field.setNumber(threshold, "DistMin", 0)
    field.setNumber(threshold, "DistMax", (largest - size) / slope)
    return threshold


def start(name: str) -> None:
    """Begin a gmsh model whose element sizes come from size fields only."""
    gmsh.initialize()
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.option.setNumber("Mesh.MeshSizeFromPoints", 0)
    gmsh.option.setNumber("Mesh.MeshSizeExtendFromBoundary", 0)
    gmsh.option.setNumber("Mesh.Algorithm", 6)
    gmsh.model.add(name)


def finish(
    name: str, sizes: list[int], regions: dict[str, list[int]], groups: dict[str, list[int]]
) -> Mesh:
    """Mesh, write `name`.msh into this folder, print the verdict and return the mesh.

    Args:
        name: of the file, without ending.
        sizes: size fields; the smallest counts.
        regions: surfaces by region name.
        groups: curves by facet group name.
    """
    minimum = gmsh.model.mesh.field.add("Min")
    gmsh.model.mesh.field.setNumbers(minimum, "FieldsList", sizes)
    gmsh.model.mesh.field.setAsBackgroundMesh(minimum)
    for dimension, named in ((1, groups), (2, regions)):
        for group, tags in named.items():
            gmsh.model.addPhysicalGroup(dimension, tags, name=group)
    gmsh.model.mesh.generate(2)
    with tempfile.TemporaryDirectory() as folder:
        raw = str(Path(folder) / "raw.msh")
        gmsh.write(raw)
        mesh = Mesh.read(raw, unit="nm")
    gmsh.finalize()
    return save(mesh, name)


def save(mesh: Mesh, name: str) -> Mesh:
    """Write a mesh into this folder with 9 digits in nm, print the verdict and return it."""
    mesh = mesh.renumbered()
    report = check(mesh)
    report.raise_if_failed(name)
    path = FOLDER / f"{name}.msh"
    mesh.write(path, unit="nm", digits=9)
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB\n{report}")
    return mesh
