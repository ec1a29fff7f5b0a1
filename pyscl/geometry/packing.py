"""Random packings of particles of several phases in a matrix; wires; representative cells."""

from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from pyscl.errors import GeometryError
from pyscl.geometry import relaxation
from pyscl.geometry.bodies import Body
from pyscl.geometry.coating import coat
from pyscl.geometry.deadline import Deadline
from pyscl.geometry.generator import Generator, RegionName, Seed, different
from pyscl.geometry.inclusions import on_surfaces, on_triple_lines
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.particle import Shell, coverage, strokes
from pyscl.geometry.partition import Partition
from pyscl.geometry.phases import Phase
from pyscl.geometry.placed import Disk, Painting, apart
from pyscl.geometry.relaxation import Room
from pyscl.geometry.shapes import offset
from pyscl.units import Angle, Extent, UnitValue

FloatArray = NDArray[np.float64]
Misalignment = Annotated[float, UnitValue("deg", minimum=0.0)]
AtSides = Literal["inside", "cut", "periodic"]

DENSEST = 0.9
"""Area fraction, gaps included, above which no packing is tried (equal discs: 0.9069)."""

_ROUNDS = 6  # of making bodies that still overlap larger


class Packing(Generator):
    """Particles at random places that keep a gap, in a matrix.

    Attributes:
        width: of the rectangle [m].
        height: of the rectangle [m].
        matrix: region between the particles.
        phases: the particles; those with `where: matrix` are packed together, then those on
            surfaces, then those at triple lines.
        gap: least distance between particles [m].
        at_left_right: "inside": particles keep the gap to these sides; "cut": the sides cut
            through particles, of which the rest comes in at the opposite side; "periodic": the
            same, and the sides are the same line.
        at_bottom_top: likewise.
        seed: of everything random.
    """

    kind: Literal["packing"] = "packing"
    width: Extent
    height: Extent
    matrix: RegionName = "electrolyte"
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    gap: Extent
    at_left_right: AtSides = "inside"
    at_bottom_top: AtSides = "inside"
    seed: Seed = 0

    @model_validator(mode="after")
    def _fits(self) -> Any:
        total = sum(phase.fraction for phase in self.phases)
        if total >= 1.0:
            raise ValueError(f"the fractions of the phases sum up to {total:g}; it must be below 1")
        for phase in self.phases:
            shell, coating = phase.shell, phase.coating
            different(
                self.matrix,
                phase.region,
                shell.region if shell else None,
                coating.region if coating else None,
            )
        return self

    def partition(self) -> Partition:
        """Return the curves; achieved: area fractions, "particles of <phase>", lengths.

        Raises:
            GeometryError: the particles do not fit; the message says what is too large.
        """
        rng, deadline = np.random.default_rng(self.seed), Deadline()
        area = self.width * self.height
        packed = self._packed(rng, area, deadline)
        painting = self._painted(packed, rng, deadline)
        numbers = {}
        for k, phase in enumerate(self.phases):
            if phase.where == "matrix":
                numbers[f"particles of {phase.region}"] = float(
                    sum(body.phase == k for body in packed.bodies)
                )
        hosts = self._hosts(packed)
        for phase in self.phases:
            if phase.where == "surface":
                found = on_surfaces(phase, area, hosts, painting, self._room(), rng, deadline)
                numbers[f"particles of {phase.region}"] = float(found)
        for phase in self.phases:
            if phase.where == "triple-line":
                found = on_triple_lines(phase, area, painting, self._room(), rng, deadline)
                numbers[f"particles of {phase.region}"] = float(found)
        partition = painting.geometry().partition(numbers)
        for phase in self.phases:
            if phase.coating:
                shell = phase.shell
                surface, inner = (shell.region, phase.region) if shell else (phase.region, None)
                reached = coverage(partition, surface, phase.coating.region, inner)
                partition.achieved[f"coverage of {surface}"] = reached
        return partition

    def _room(self) -> Room:
        size = np.array([self.width, self.height])
        wraps = np.array([self.at_left_right != "inside", self.at_bottom_top != "inside"])
        return Room(size, wraps, np.zeros(2), size, self.gap, 0.5 * self.gap)

    def _packed(
        self, rng: np.random.Generator, area: float, deadline: Deadline
    ) -> relaxation.Packing:
        """Return the particles that keep apart from each other."""
        made: list[Body] = []
        angles = []
        for k, phase in enumerate(self.phases):
            if phase.where == "matrix":
                radii = phase.draw(phase.fraction * area, rng)
                made += [phase.body(k, float(radius)) for radius in radii]
                angles.append(phase.angles(len(radii), rng))
        room = self._room()
        self._check_sizes(made, room)
        centre = np.zeros((len(made), 2))
        free = [self.phases[body.phase].direction is None for body in made]
        angle = np.concatenate(angles) if angles else np.empty(0)
        packing = relaxation.Packing(made, centre, angle, np.array(free, dtype=bool))
        self._check_directions(packing, room)
        if made:
            self._separate(packing, room, rng, deadline)
        return packing

    def _separate(
        self, packing: relaxation.Packing, room: Room, rng: np.random.Generator, deadline: Deadline
    ) -> None:
        """Move the particles until their outlines keep the gap."""
        reach = np.array([self.phases[body.phase].reach for body in packing.bodies])
        extra = reach.copy()
        relaxation.scatter(packing, room, extra, rng, deadline)
        for _ in range(_ROUNDS):
            left = relaxation.relax(packing, room, extra, deadline)
            if left > 0.0 or deadline.passed:
                break
            close = self._close(packing, room)
            if not len(close):
                return
            extra[close] += 0.25 * self.gap
        raise self._unpacked(packing, room, left, deadline)

    def _close(self, packing: relaxation.Packing, room: Room) -> NDArray[np.intp]:
        """Return the numbers of the particles that do not keep the gap."""
        disks = [
            Disk(body.at(packing.centre[n], float(packing.angle[n])), self.phases[body.phase].reach)
            for n, body in enumerate(packing.bodies)
        ]
        return apart(disks, room)

    def _unpacked(
        self, packing: relaxation.Packing, room: Room, left: float, deadline: Deadline
    ) -> GeometryError:
        """Return the error for particles that overlap by up to `left` [m] in the end."""
        phases = [p for p in self.phases if p.where == "matrix"]
        names = ", ".join(f"{p.region} {p.fraction:g}" for p in phases)
        areas = np.array([np.pi * body.radius**2 for body in packing.bodies])
        areas[self._close(packing, room)] = 0.0
        reached = float(areas.sum()) / (self.width * self.height)
        end = f"{relaxation.STEPS} steps"
        if deadline.passed:
            end = f"the longest time of {deadline.seconds:g} s"
        return GeometryError(
            f"no packing of {names} with gaps of {in_nm(self.gap)} was found: after {end} "
            f"particles still overlap by {in_nm(max(left, 0.0))}, and only a fraction of "
            f"{reached:.3g} keeps its gaps. Use smaller fractions or gaps, smaller particles, a "
            "larger cell, or another seed."
        )

    def _check_sizes(self, made: list[Body], room: Room) -> None:
        """Refuse particles larger than the cell, and more of them than can fit."""
        filled = 0.0
        for body in made:
            phase = self.phases[body.phase]
            reach = phase.reach + 0.5 * self.gap
            across = 2.0 * float(body.discs[:, 2].max() + reach)
            long, limit = body.length + 2.0 * reach, float(np.hypot(*room.size))
            limit = min([limit, *room.size[room.wraps]])
            if np.any(across > room.size) or long > limit:
                raise GeometryError(
                    f"a particle of '{phase.region}' is {in_nm(body.length)} long and with its "
                    f"coating and gap larger than the cell of {in_nm(self.width, self.height)}."
                )
            filled += np.pi * (body.radius + reach) ** 2
        share = filled / (self.width * self.height)
        if share > DENSEST:
            raise GeometryError(
                f"the particles with their coatings and half of the gap of {in_nm(self.gap)} fill "
                f"{share:.3g} of the cell, more than {DENSEST:g} cannot be packed. Use smaller "
                "fractions, or gaps that are small compared with the particles."
            )

    def _check_directions(self, packing: relaxation.Packing, room: Room) -> None:
        """Refuse particles that do not fit between the walls in the direction they have."""
        for body, angle, turns in zip(packing.bodies, packing.angle, packing.turns, strict=True):
            phase = self.phases[body.phase]
            span = np.ptp(body.at(np.zeros(2), float(angle)), axis=0) + 2.0 * phase.reach + self.gap
            if not turns and np.any(span[~room.wraps] > room.size[~room.wraps]):
                raise GeometryError(
                    f"a particle of '{phase.region}' is {in_nm(*span)} wide and high in its "
                    "direction, with its coating and gap, and does not fit inside the cell of "
                    f"{in_nm(self.width, self.height)}. Let the sides cut it, turn it, or make it "
                    "shorter."
                )

    def _painted(
        self, packed: relaxation.Packing, rng: np.random.Generator, deadline: Deadline
    ) -> "Painting":
        axes = {"x": self.at_left_right, "y": self.at_bottom_top}
        wrap = tuple(axis for axis, at in axes.items() if at != "inside")
        periodic = tuple(axis for axis, at in axes.items() if at == "periodic")
        painting = Painting(self.width, self.height, self.matrix, periodic, wrap)
        for n, body in enumerate(packed.bodies):
            phase = self.phases[body.phase]
            outline = body.at(packed.centre[n], float(packed.angle[n]))
            if phase.coating:
                grown = partial(offset, outline)
                coated = coat(phase.coating, outline, grown, rng, deadline, phase.shape == "disc")
                for polygon in coated.polygons:
                    painting.add(phase.coating.region, polygon)
            for region, line in strokes(outline, phase.region, phase.shell):
                painting.add(region, line)
        return painting

    def _hosts(self, packed: relaxation.Packing) -> dict[str, list[Disk]]:
        """Return the outlines by region of the particle, coatings included."""
        hosts: dict[str, list[Disk]] = {}
        for n, body in enumerate(packed.bodies):
            phase = self.phases[body.phase]
            outline = body.at(packed.centre[n], float(packed.angle[n]))
            if phase.coating and phase.coating.coverage == 1.0:
                outline = offset(outline, phase.reach)
            hosts.setdefault(phase.region, []).append(Disk(outline, 0.0))
        return hosts


class RepresentativeCell(Packing):
    """A packing that repeats in both directions: a cell for effective properties."""

    kind: Literal["representative-cell"] = "representative-cell"  # type: ignore[assignment]
    at_left_right: AtSides = "periodic"
    at_bottom_top: AtSides = "periodic"


class Wires(Generator):
    """Wires with round ends, aligned or in random directions, in a matrix.

    Attributes:
        width: of the rectangle [m].
        height: of the rectangle [m].
        matrix: region between the wires.
        wire: region of the wires.
        fraction: of the area that wires take.
        diameter: of a wire [m].
        aspect_ratio: length over diameter.
        direction: of the wires [deg]; random if not given.
        misalignment: standard deviation of the angle from `direction` [deg].
        shell: outer layer of the wires.
        gap: least distance between wires [m].
        at_left_right: as in `Packing`.
        at_bottom_top: as in `Packing`.
        seed: of everything random.
    """

    kind: Literal["wires"] = "wires"
    width: Extent
    height: Extent
    matrix: RegionName = "electrolyte"
    wire: RegionName = "wire"
    fraction: Annotated[float, Field(gt=0.0, lt=1.0)]
    diameter: Extent
    aspect_ratio: Annotated[float, Field(ge=1.2, le=100.0)]
    direction: Angle | None = None
    misalignment: Misalignment = 0.0
    shell: Shell | None = None
    gap: Extent
    at_left_right: AtSides = "inside"
    at_bottom_top: AtSides = "inside"
    seed: Seed = 0

    def partition(self) -> Partition:
        """Return the curves; the diameter is scaled by at most 15 % to reach the fraction.

        Raises:
            GeometryError: the wires do not fit.
        """
        area = self.diameter**2 * (self.aspect_ratio - 1.0 + np.pi / 4.0)
        phase = Phase(
            region=self.wire,
            fraction=self.fraction,
            radius=float(np.sqrt(area / np.pi)),
            shape="wire",
            aspect_ratio=self.aspect_ratio,
            direction=self.direction,
            misalignment=self.misalignment,
            shell=self.shell,
        )
        shared = ("width", "height", "matrix", "gap", "at_left_right", "at_bottom_top", "seed")
        return Packing(
            phases=(phase,), **{name: getattr(self, name) for name in shared}
        ).partition()
