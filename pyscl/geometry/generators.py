"""All generators, as one input type that is told apart by its `kind`."""

from typing import Annotated

from pydantic import Field

from pyscl.geometry.grains import Grains
from pyscl.geometry.images import ImageInput
from pyscl.geometry.islands import IslandInterface
from pyscl.geometry.packing import Packing, RepresentativeCell, Wires
from pyscl.geometry.particle import Particle
from pyscl.geometry.rough import RoughInterface
from pyscl.geometry.stack import Stack
from pyscl.geometry.voids import InterfaceVoids

AnyGenerator = (
    Stack
    | Particle
    | Packing
    | RepresentativeCell
    | Wires
    | Grains
    | InterfaceVoids
    | IslandInterface
    | RoughInterface
    | ImageInput
)

GeometryInput = Annotated[AnyGenerator, Field(discriminator="kind")]
"""A geometry in a run file."""
