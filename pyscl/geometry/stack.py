"""Layers beside each other: a strip, a bilayer, any stack."""

from typing import Annotated, Literal

from pydantic import Field

from pyscl.geometry.curves import rectangle
from pyscl.geometry.generator import Generator, RegionName
from pyscl.geometry.geometry import Geometry
from pyscl.geometry.partition import Partition
from pyscl.materials.schema import InputModel
from pyscl.units import Extent


class StackLayer(InputModel):
    """One layer.

    Attributes:
        region: its name.
        thickness: extent in x [m].
    """

    region: RegionName
    thickness: Extent


class Stack(Generator):
    """Layers from left to right with flat interfaces between them.

    Attributes:
        height: extent in y [m].
        layers: from left to right; neighbours with the same region are one layer.
        periodic: whether bottom and top are the same line.
    """

    kind: Literal["stack"] = "stack"
    height: Extent
    layers: Annotated[tuple[StackLayer, ...], Field(min_length=1)]
    periodic: bool = False

    def partition(self) -> Partition:
        """Return the curves; the width is the sum of the layers."""
        ends = [0.0]
        for layer in self.layers:
            ends.append(ends[-1] + layer.thickness)
        first, width = self.layers[0], ends[-1]
        geometry = Geometry(width, self.height, first.region, ("y",) if self.periodic else ())
        for layer, start, end in zip(self.layers[1:], ends[1:-1], ends[2:], strict=True):
            geometry.paint(layer.region, rectangle(start, 0.0, end, self.height))
        return geometry.partition()
