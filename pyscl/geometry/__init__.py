"""Planes divided into named regions: painted shapes, parametric generators, images."""

from pyscl.errors import GeometryError
from pyscl.geometry.coating import Coating
from pyscl.geometry.generator import Generator
from pyscl.geometry.generators import AnyGenerator, GeometryInput
from pyscl.geometry.geometry import Geometry
from pyscl.geometry.grains import Grains
from pyscl.geometry.images import ImageInput, Thresholds
from pyscl.geometry.islands import IslandInterface
from pyscl.geometry.packing import Packing, RepresentativeCell, Wires
from pyscl.geometry.particle import Particle, Shell
from pyscl.geometry.partition import Chain, Partition
from pyscl.geometry.phases import Phase
from pyscl.geometry.rough import RoughInterface
from pyscl.geometry.shapes import Disc, Ellipse, Outline, RegularPolygon
from pyscl.geometry.stack import Stack, StackLayer
from pyscl.geometry.voids import InterfaceVoids

__all__ = [
    "AnyGenerator",
    "Chain",
    "Coating",
    "Disc",
    "Ellipse",
    "Generator",
    "Geometry",
    "GeometryError",
    "GeometryInput",
    "Grains",
    "ImageInput",
    "InterfaceVoids",
    "IslandInterface",
    "Outline",
    "Packing",
    "Particle",
    "Partition",
    "Phase",
    "RegularPolygon",
    "RepresentativeCell",
    "RoughInterface",
    "Shell",
    "Stack",
    "StackLayer",
    "Thresholds",
    "Wires",
]
