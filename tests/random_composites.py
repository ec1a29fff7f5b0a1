"""Seeded random composites: particles with coatings, BaTiO3, pores, hard numbers everywhere.

`composite(seed)` returns a `Model` between two Li reservoirs and a bias; the same seed gives the
same composite on every machine.
"""

from dataclasses import dataclass

import numpy as np
from models import KT, NM, T, conductor

from pyscl import Material, Mesh, Model, ReservoirContact
from pyscl.mesh import from_delaunay

LENGTH, HEIGHT = 24.0, 18.0  # nm, of the box
KINDS = ("particle", "coated", "barium_titanate", "pore")
BARIUM_TITANATE = Material(name="BaTiO3", relative_permittivity=2000.0)
PORE = Material(name="pore", relative_permittivity=1.0)


@dataclass(frozen=True)
class Disc:
    """A disc, or a particle with a coating.

    Attributes:
        x: centre [nm].
        y: centre [nm].
        radius: outer radius [nm].
        coating: thickness of the coating [nm], 0 without.
        kind: one of KINDS.
    """

    x: float
    y: float
    radius: float
    coating: float
    kind: str

    @property
    def circles(self):
        """Radii of its circles [nm]."""
        return (self.radius, self.radius - self.coating) if self.coating else (self.radius,)


def place_discs(rng, count=9, gap=0.6):
    """Return discs in the box that keep a gap [nm] to each other and to the sides."""
    discs = []
    for k in range(count):
        kind = KINDS[k % 4]
        for _ in range(200):
            radius = rng.uniform(1.8, 4.0) if kind in KINDS[:2] else rng.uniform(0.8, 2.0)
            coating = rng.uniform(0.4, 0.8) if kind == "coated" else 0.0
            room = radius + gap
            x, y = rng.uniform(room, LENGTH - room), rng.uniform(room, HEIGHT - room)
            if all(np.hypot(x - d.x, y - d.y) > d.radius + room for d in discs):
                discs.append(Disc(x, y, radius, coating, kind))
                break
    return discs


def mesh_of(rng, discs, size):
    """Return a Delaunay mesh with nodes on all circles and a jittered background of a step [nm]."""
    points = [
        np.column_stack([np.linspace(0.0, LENGTH, round(LENGTH / size) + 1)] * 2) * [1.0, 0.0],
        np.column_stack([np.linspace(0.0, LENGTH, round(LENGTH / size) + 1)] * 2) * [1.0, 0.0]
        + [0.0, HEIGHT],
    ]
    inner = np.linspace(0.0, HEIGHT, round(HEIGHT / size) + 1)[1:-1]
    points += [np.column_stack([np.full(len(inner), x), inner]) for x in (0.0, LENGTH)]
    occupied = []  # (x, y, radius) of circles that the background keeps away from
    for disc in discs:
        for radius in disc.circles:
            n = max(12, round(2.0 * np.pi * radius / min(size, disc.coating or size)))
            angle = 2.0 * np.pi * (np.arange(n) + rng.uniform()) / n
            points.append(
                [disc.x, disc.y] + radius * np.column_stack([np.cos(angle), np.sin(angle)])
            )
            occupied.append((disc.x, disc.y, radius, np.pi * radius / n))
    i, j = (k.ravel() for k in np.mgrid[1 : round(LENGTH / size), 1 : round(HEIGHT / size)])
    background = np.column_stack([i, j]) * size + rng.uniform(-0.3, 0.3, (len(i), 2)) * size
    for x, y, radius, half_step in occupied:
        distance = np.hypot(background[:, 0] - x, background[:, 1] - y)
        background = background[np.abs(distance - radius) > max(half_step, 0.4 * size)]
    keep = ((background > 0.3 * size) & (background < [LENGTH, HEIGHT] - 0.3 * np.array(size))).all(
        axis=1
    )
    points = np.unique(np.round(np.concatenate([*points, background[keep]]), 9), axis=0)

    def region_of(centroids):
        names = np.full(len(centroids), "electrolyte", dtype=object)
        for k, disc in enumerate(discs):
            distance = np.hypot(*(centroids / NM - [disc.x, disc.y]).T)
            names[distance < disc.radius] = f"coating {k}" if disc.coating else f"{disc.kind} {k}"
            if disc.coating:
                names[distance < disc.radius - disc.coating] = f"{disc.kind} {k}"
        return names

    return from_delaunay(points * NM, region_of)


def random_conductor(rng, conductivity, step):
    """Return a Li conductor: Debye length 0.2-3 nm, site fraction 0.02-0.98, mu0 +- step kT."""
    return conductor(
        debye_length=np.exp(rng.uniform(np.log(0.2), np.log(3.0))) * NM,
        permittivity=rng.uniform(5.0, 50.0),
        y=rng.uniform(0.02, 0.98),
        conductivity=conductivity,
        standard_potential=rng.uniform(-step, step) * KT,
    )


def composite(seed: int) -> tuple[Model, dict[str, float]]:
    """Return a random composite and a bias of +-39 or +-100 kT/e [V] on its left reservoir.

    Every third composite is a body of revolution. Potentials of the reservoirs are "neutral", so
    all space charge comes from the steps of the standard potential and from the bias.
    """
    rng = np.random.default_rng(seed)
    discs = place_discs(rng)
    size = rng.uniform(0.55, 1.5)
    mesh: Mesh = mesh_of(rng, discs, size)
    base = 1e-2
    materials = {"electrolyte": random_conductor(rng, base, 0.0)}
    for region in mesh.region_names:
        if region.startswith(("particle", "coated", "coating")):
            contrast = 10.0 ** rng.uniform(-8.0, 1.0)
            materials[region] = random_conductor(rng, base * contrast, 20.0)
        elif region.startswith("barium"):
            materials[region] = BARIUM_TITANATE
        elif region.startswith("pore"):
            materials[region] = PORE
    reservoir = ReservoirContact(carrier="Li", potential="neutral")
    model = Model(
        mesh,
        materials,
        contacts={"left": reservoir, "right": reservoir},
        temperature=T,
        coordinates="axisymmetric" if seed % 3 == 2 else "planar",
    )
    volts = rng.choice([39.0, 100.0]) * rng.choice([-1.0, 1.0]) * KT
    return model, {"left": float(volts)}
