"""What all generators share: a kind, a name for each region, and `partition()`."""

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pyscl.geometry.partition import Partition
from pyscl.materials.schema import InputModel

Seed = Annotated[int, Field(ge=0)]
Axis = Literal["x", "y"]


def _region_name(name: str) -> str:
    if not name or "|" in name or name != name.strip():
        raise ValueError(f"'{name}' is not a name for a region; no '|', no spaces around it")
    return name


def different(*names: str | None) -> None:
    """Refuse regions with the same name; None stands for a region that is not there."""
    given = [name for name in names if name is not None]
    if len(set(given)) < len(given):
        raise ValueError(f"the names of the regions must be different: {', '.join(given)}")


RegionName = Annotated[str, AfterValidator(_region_name)]


class Generator(InputModel):
    """A geometry described by a few numbers; equal numbers give equal curves."""

    kind: str

    @abstractmethod
    def partition(self) -> Partition:
        """Return the curves.

        Raises:
            GeometryError: what is asked for is impossible; the message says why.
        """
