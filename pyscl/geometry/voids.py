"""Voids and lost contacts at a flat interface."""

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from pyscl.geometry.curves import rectangle
from pyscl.geometry.flat import FlatInterface, Side, check_apart
from pyscl.geometry.generator import RegionName, different
from pyscl.geometry.partition import Partition
from pyscl.geometry.spans import MOST_PIECES, Positions, along, lengths_of, shuffled
from pyscl.units import ContactAngle, Extent, Share

Number = Annotated[int, Field(ge=0, le=MOST_PIECES)]


class InterfaceVoids(FlatInterface):
    """A flat interface with voids (circular segments) and arcs that have lost contact.

    Attributes:
        height: length of the interface [m].
        void_share: part of the interface that voids take.
        voids: number of voids.
        contact_angle: between interface and void, inside the void [deg]; 90 is a semicircle.
        side: where the voids lie.
        void: region of the voids; None takes them out of the domain and names their rim "void".
        lost_share: part of the interface that has lost contact.
        lost: number of arcs that have lost contact.
        lost_name: facet group of these arcs.
        positions: "even" gaps, or "random" ones and random order.
        spread: standard deviation of the logarithm of the lengths.
    """

    kind: Literal["voids"] = "voids"
    height: Extent
    void_share: Share = 0.3
    voids: Number = 1
    contact_angle: ContactAngle = 90.0
    side: Side = "left"
    void: RegionName | None = "void"
    lost_share: Share = 0.0
    lost: Number = 0
    lost_name: RegionName = "contact_loss"
    positions: Positions = "even"
    spread: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0

    @model_validator(mode="after")
    def _consistent(self) -> "InterfaceVoids":
        for share, count, what in (
            (self.void_share, self.voids, "void"),
            (self.lost_share, self.lost, "lost"),
        ):
            if (share > 0) != (count > 0):
                raise ValueError(
                    f"{what}_share is {share:g} and the number of them {count}; give both or none"
                )
        different(self.left, self.right, self.void)
        if self.lost and self.lost_name == (self.void or "void"):
            raise ValueError(
                f"lost_name is '{self.lost_name}', which is the name of the voids; choose another"
            )
        if self.void_share + self.lost_share >= 1.0:
            raise ValueError("void_share and lost_share must leave some contact: sum below 1")
        return self

    def partition(self) -> Partition:
        """Return the curves; achieved: "void share", "lost share" of the interface.

        Raises:
            GeometryError: voids are deeper than the region or touch each other.
        """
        rng, geometry = np.random.default_rng(self.seed), self.painted(self.height)
        counts, shares = (self.voids, self.lost), (self.void_share, self.lost_share)
        groups = [
            lengths_of(n, share * self.height, self.spread, rng)
            for n, share in zip(counts, shares, strict=True)
            if n
        ]
        if not groups:
            return geometry.partition()
        sizes, owner = shuffled(groups, rng)
        owner += 0 if self.voids else 1
        spans = along(sizes, self.height, self.positions, rng)
        half, cut, bulging = math.radians(self.contact_angle), 0.0, []
        for (a, b), kind in zip(spans, owner, strict=True):
            if kind == 0:
                shape = self.segment(a, b, half, self.side, "void")
                cut += b - a
                bulging.append(shape)
                if self.void is None:
                    geometry.hole("void", shape)
                else:
                    geometry.paint(self.void, shape)
            else:
                reach = min(0.25 * self.width, self.room("left"), self.room("right")) * 0.5
                strip = rectangle(self.place - reach, a, self.place + reach, b)
                geometry.name_interface(self.lost_name, strip)
                bulging.append(np.array([[self.place, a], [self.place, b]]))
        check_apart(bulging, self.height, "void")
        lost = float(sizes[owner == 1].sum())
        return geometry.partition(
            {"void share": cut / self.height, "lost share": lost / self.height}
        )
