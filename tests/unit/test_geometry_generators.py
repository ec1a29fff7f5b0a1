"""Parametric generators: exact areas and coverages, determinism, refused targets."""

import math
import time

import numpy as np
import pytest
from approx import relative
from pydantic import TypeAdapter

from pyscl.errors import GeometryError, InputError
from pyscl.geometry import (
    Coating,
    Ellipse,
    GeometryInput,
    Grains,
    InterfaceVoids,
    IslandInterface,
    Outline,
    Packing,
    Particle,
    Phase,
    RegularPolygon,
    RepresentativeCell,
    RoughInterface,
    Shell,
    Stack,
    Wires,
    relaxation,
)
from pyscl.geometry.nanometres import in_nm
from pyscl.geometry.relaxation import Room

UM = 1e-6
BOX = {"width": UM, "height": UM}
CELL = {"width": 1e-5, "height": 1e-5, "gap": 1e-7}


def achieved(generator, name):
    return generator.partition().achieved[name]


def coated(**coating):
    return Particle(**BOX, radius=3e-7, coating=Coating(**coating))


def same(a, b):
    """Whether two partitions are equal to the last bit."""
    return len(a.chains) == len(b.chains) and all(
        p.points.tobytes() == q.points.tobytes()
        and (p.left, p.right, p.name) == (q.left, q.right, q.name)
        for p, q in zip(a.chains, b.chains, strict=True)
    )


def test_a_stack_has_its_thicknesses():
    layers = [{"region": r, "thickness": t} for r, t in (("a", 5e-7), ("b", 1e-9), ("a", 2e-7))]
    stack = Stack(height=3e-7, layers=layers)
    assert achieved(stack, "area fraction of b") == relative(1e-9 / 7.01e-7, 1e-8)
    assert achieved(stack, "length of a|b [m]") == relative(6e-7, 1e-9)


@pytest.mark.parametrize("coverage", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(
    "islands",
    [
        {"thickness": 1e-8},
        {"thickness": 1e-8, "contact_angle": 60.0},
        {"thickness": 1e-8, "contact_angle": 110.0},
        {"form": "lens", "contact_angle": 30.0},
        {"form": "lens", "thickness": 1e-8},
        {"thickness": 1e-8, "positions": "random", "spread": 0.3},
    ],
)
def test_islands_reach_their_coverage(coverage, islands):
    particle = coated(coverage=coverage, count=7, **islands)
    assert achieved(particle, "coverage of active") == pytest.approx(coverage, abs=1e-6)


def test_conformal_islands_are_parts_of_the_continuous_coating():
    whole = achieved(coated(thickness=2e-8), "area fraction of coating")
    assert whole == relative(math.pi * (0.32**2 - 0.3**2), 1e-10)
    half = achieved(coated(thickness=2e-8, coverage=0.5, count=4), "area fraction of coating")
    assert half == relative(0.5 * whole, 1e-3)


@pytest.mark.parametrize("angle", [45.0, 70.0, 120.0])
def test_flanks_of_conformal_islands_lean_by_the_contact_angle(angle):
    islands = {"thickness": 5e-9, "coverage": 0.5, "count": 4}
    upright = achieved(coated(**islands), "area fraction of coating")
    leaning = achieved(coated(**islands, contact_angle=angle), "area fraction of coating")
    missing = 4 * 0.005**2 / math.tan(math.radians(angle))  # a triangle at either end of each
    assert upright - leaning == relative(missing, 0.05)
    flat = {"width": UM, "height": UM, "coverage": 0.5, "thickness": 1e-7}
    trapezoid = achieved(IslandInterface(**flat, contact_angle=angle), "area fraction of inclusion")
    assert 0.05 - trapezoid == relative(0.01 / math.tan(math.radians(angle)), 1e-6)


def test_a_lens_has_its_thickness_area_and_contact_angle():
    angle, n, share, r = math.radians(50.0), 4, 0.4, 0.3
    base = math.pi * share / n
    half, a = base + angle, r * math.sin(base)
    radius = a / math.sin(half)
    area = radius**2 * (half - math.sin(2 * half) / 2) - r**2 * (base - math.sin(2 * base) / 2)
    lens = coated(form="lens", coverage=share, count=n, contact_angle=50.0)
    assert achieved(lens, "area fraction of coating") == relative(n * area, 2e-3)
    height = a * (math.tan(half / 2) - math.tan(base / 2)) * UM
    same_lens = coated(form="lens", coverage=share, count=n, thickness=height)
    assert achieved(same_lens, "area fraction of coating") == relative(n * area, 2e-3)


@pytest.mark.parametrize(
    "shape", [None, Ellipse(a=4e-7, b=2e-7), RegularPolygon(corners=6, radius=3e-7)]
)
def test_coverages_of_0_and_1_are_the_bare_and_the_fully_coated_particle(shape):
    size = {"shape": shape} if shape else {"radius": 3e-7}
    bare = Particle(**BOX, **size).partition()
    full = Particle(**BOX, **size, coating=Coating(thickness=1e-8)).partition()
    islands = {"thickness": 1e-8, "count": 5, "positions": "random"}
    assert same(bare, Particle(**BOX, **size, coating=Coating(coverage=0.0, **islands)).partition())
    assert same(full, Particle(**BOX, **size, coating=Coating(coverage=1.0, **islands)).partition())


def test_a_shell_belongs_to_the_particle():
    particle = Particle(**BOX, radius=3e-7, shell=Shell(thickness=1e-7))
    assert achieved(particle, "area fraction of active") == relative(0.04 * math.pi, 1e-3)
    assert achieved(particle, "area fraction of shell") == relative(0.05 * math.pi, 1e-3)


def test_packings_reach_their_fractions():
    phases = (
        Phase(region="active", fraction=0.45, radius=UM, spread=0.3),
        Phase(region="pore", fraction=0.05, radius=3e-7, shape="ellipse"),
        Phase(region="inclusion", fraction=0.05, radius=3e-7, shell=Shell(thickness=1e-7)),
        Phase(region="carbon", fraction=0.02, radius=2e-7, where="surface", hosts=("active",)),
        Phase(
            region="bto",
            fraction=1e-3,
            radius=6e-8,
            where="triple-line",
            hosts=("active", "carbon"),
        ),
    )
    numbers = RepresentativeCell(**CELL, phases=phases).partition().achieved
    for name, fraction in (("active", 0.45), ("pore", 0.05), ("carbon", 0.02), ("bto", 1e-3)):
        assert numbers[f"area fraction of {name}"] == relative(fraction, 1e-6)
    both = numbers["area fraction of inclusion"] + numbers["area fraction of shell"]
    assert both == relative(0.05, 1e-9)
    assert numbers["length of active|carbon [m]"] > 0
    assert numbers["length of bto|carbon [m]"] > 0


@pytest.mark.parametrize("sides", ["inside", "cut", "periodic"])
def test_particles_keep_their_gap_and_dense_packings_are_reached(sides):
    import shapely

    fraction = 0.6 if sides == "inside" else 0.68
    phase = Phase(region="active", fraction=fraction, radius=8e-7, spread=0.2)
    packing = Packing(**CELL, phases=(phase,), at_left_right=sides, at_bottom_top=sides, seed=3)
    partition = packing.partition()
    assert partition.achieved["area fraction of active"] == relative(fraction, 1e-9)
    assert partition.periodic == (
        (("left", "right"), ("bottom", "top")) if sides == "periodic" else ()
    )
    curves = [c.points / UM for c in partition.chains if "active" in (c.left, c.right)]
    closed = [shapely.Polygon(line) for line in curves if np.array_equal(line[0], line[-1])]
    nearest = [min(one.distance(other) for other in closed if other is not one) for one in closed]
    assert min(nearest) > 0.97 * CELL["gap"] / UM


def test_wires_are_aligned_and_have_their_area():
    wires = Wires(**CELL, fraction=0.2, diameter=2e-7, aspect_ratio=12, direction=30.0)
    partition = wires.partition()
    assert partition.achieved["area fraction of wire"] == relative(0.2, 1e-9)
    for chain in partition.chains:
        if chain.closed:
            spread = np.cov(chain.points.T)
            axis = np.linalg.eigh(spread)[1][:, 1]
            assert abs(axis @ [math.cos(math.pi / 6), 0.5]) > 1 - 1e-6


@pytest.mark.parametrize("evenness", [0, 10])
def test_grain_boundaries_have_their_thickness(evenness):
    thickness = 2e-9
    bare = Grains(
        **BOX, count=15, numbered=True, evenness=evenness, periodic=("x", "y")
    ).partition()
    assert all(bare.achieved[f"area fraction of grain_{k}"] > 0 for k in range(1, 16))
    length = sum(c.length for c in bare.chains if c.name is None)
    layers = Grains(
        **BOX, count=15, boundary_thickness=thickness, evenness=evenness, periodic=("x", "y")
    )
    # Every triple junction shares some of the layers: a small correction of order thickness^2.
    fraction = achieved(layers, "area fraction of grain_boundary")
    assert fraction * UM**2 == relative(length * thickness, 0.02)


def test_voids_take_their_share_and_lost_contacts_are_named():
    voids = InterfaceVoids(
        **BOX, voids=3, void_share=0.3, lost=2, lost_share=0.2, positions="random", spread=0.4
    )
    numbers = voids.partition().achieved
    assert numbers["length of active|electrolyte [m]"] == relative(0.7 * UM, 1e-9)
    assert numbers["length of contact_loss [m]"] == relative(0.2 * UM, 1e-9)
    one = InterfaceVoids(**BOX, void_share=0.3).partition().achieved
    assert one["area fraction of void"] == relative(math.pi * 0.15**2 / 2, 1e-3)
    gone = InterfaceVoids(**BOX, void_share=0.3, void=None).partition()
    assert gone.regions == ("active", "electrolyte")
    assert gone.achieved["length of void [m]"] == relative((0.3 + math.pi * 0.15) * UM, 1e-3)


@pytest.mark.parametrize("hurst", [0.3, 0.8])
def test_rough_interfaces_have_their_rms_and_repeat(hurst):
    rough = RoughInterface(
        **BOX, rms=2e-8, correlation_length=1e-7, hurst=hurst, periodic=True, seed=4
    )
    y, h = rough.profile()
    assert h[0] == h[-1]
    assert y[-1] == UM
    assert np.sqrt(np.mean(h[:-1] ** 2)) == relative(2e-8, 1e-12)
    assert achieved(rough, "area fraction of active") == relative(0.5, 1e-9)
    # Amplitude of the waves: flat up to the correlation length, then falling as q^-(H + 1/2).
    power = np.abs(np.fft.rfft(h[:-1])) ** 2
    assert power[1] / power[100] == relative(
        ((1 + (200 * math.pi * 0.1) ** 2) / (1 + (2 * math.pi * 0.1) ** 2)) ** (hurst + 0.5),
        1e-6,
    )


@pytest.mark.parametrize(
    "given",
    [
        {"height": 6e-7, "coverage": 0.5},
        {"size": 1e-7, "gap": 1e-7},
        {"size": 1e-7, "coverage": 0.5},
        {"gap": 1e-7, "coverage": 0.5},
        {"height": 6e-7, "size": 1e-7},
        {"height": 6e-7, "gap": 1e-7},
    ],
)
def test_two_of_height_coverage_size_and_gap_fix_the_others(given):
    islands = IslandInterface(width=UM, count=3, thickness=2e-8, **given)
    numbers = islands.partition().achieved
    assert numbers["length of left [m]"] == relative(6e-7, 1e-9)
    assert numbers["coverage"] == relative(0.5, 1e-9)
    assert numbers["length of active|inclusion [m]"] == relative(3e-7, 1e-9)
    assert numbers["area fraction of inclusion"] == relative(3e-7 * 2e-8 / 6e-13, 1e-8)


def test_island_coverages_of_0_and_1_are_a_bare_interface_and_a_layer():
    common = {"width": UM, "height": UM, "thickness": 1e-7, "count": 4}
    bare = IslandInterface(**common, coverage=0.0).partition()
    full = IslandInterface(**common, coverage=1.0).partition()
    layers = [("active", 5e-7), ("inclusion", 1e-7), ("electrolyte", 4e-7)]
    stack = Stack(height=UM, layers=[{"region": r, "thickness": t} for r, t in layers]).partition()
    assert bare.regions == ("active", "electrolyte")
    assert {k: round(v, 12) for k, v in full.achieved.items() if "fraction" in k} == {
        k: round(v, 12) for k, v in stack.achieved.items() if "fraction" in k
    }


EVERY = [
    Stack(height=UM, layers=[{"region": "a", "thickness": UM}, {"region": "b", "thickness": UM}]),
    coated(thickness=1e-8, coverage=0.5, count=5, positions="random", spread=0.2),
    Packing(**CELL, phases=(Phase(region="a", fraction=0.4, radius=UM, spread=0.3),)),
    RepresentativeCell(**CELL, phases=(Phase(region="a", fraction=0.4, radius=UM),)),
    Wires(**CELL, fraction=0.1, diameter=2e-7, aspect_ratio=8),
    Grains(**BOX, count=9, boundary_thickness=1e-8),
    InterfaceVoids(**BOX, voids=3, positions="random"),
    IslandInterface(width=UM, size=1e-7, gap=1e-7, count=3, thickness=2e-8, positions="random"),
    RoughInterface(**BOX, rms=1e-8, correlation_length=1e-7),
]


@pytest.mark.parametrize("generator", EVERY, ids=lambda g: g.kind)
def test_equal_input_gives_equal_bytes_also_from_a_file(generator):
    data = generator.model_dump()
    again = TypeAdapter(GeometryInput).validate_python(data)
    assert type(again) is type(generator)
    assert same(generator.partition(), again.partition())


@pytest.mark.parametrize(
    "generator", [EVERY[k] for k in (1, 2, 3, 4, 5, 6, 7, 8)], ids=lambda g: g.kind
)
def test_another_seed_gives_another_geometry(generator):
    other = generator.model_copy(update={"seed": 11})
    assert not same(generator.partition(), other.partition())


def test_lengths_need_units_in_files():
    adapter, context = TypeAdapter(GeometryInput), {"require_units": True}
    data = {"kind": "particle", "width": "1 um", "height": "1 um", "radius": "300 nm"}
    particle = adapter.validate_python(data, context=context)
    assert particle.radius == relative(3e-7, 1e-12)
    with pytest.raises(ValueError, match="has no unit; expected a length"):
        adapter.validate_python({**data, "radius": 3e-7}, context=context)
    with pytest.raises(ValueError, match="must be above 0"):
        adapter.validate_python({**data, "radius": "-3 nm"}, context=context)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Particle(**BOX, radius=3e-7, coating=Coating(thickness=2.5e-7)),
            "thicker than the gap",
        ),
        (lambda: Particle(**BOX, radius=6e-7), "does not fit"),
        (
            lambda: Particle(**BOX, radius=3e-7, centre=(2e-7, 5e-7)),
            "reaches through the side 'left'",
        ),
        (lambda: Particle(**BOX, radius=3e-7, active="electrolyte"), "must be different"),
        (lambda: Particle(**BOX), "either radius"),
        (lambda: Particle(**BOX, radius=3e-7, shell=Shell(thickness=4e-7)), "does not fit inside"),
        (
            lambda: coated(coverage=0.5, count=2, form="lens", contact_angle=150.0),
            "touch|too large",
        ),
        (lambda: coated(coverage=0.5), "needs a thickness"),
        (lambda: coated(coverage=0.9, count=1, form="lens", thickness=1e-8), "half of a particle"),
        (lambda: coated(coverage=0.1, count=9, thickness=5e-8, contact_angle=20.0), "to a point"),
        (
            lambda: Particle(
                **BOX,
                shape=Outline(points=((0, 0), (2e-7, 2e-7), (2e-7, 0), (0, 2e-7))),
            ),
            "Self-intersection",
        ),
        (
            lambda: Packing(**CELL, phases=(Phase(region="a", fraction=0.89, radius=UM),)),
            "cannot be packed",
        ),
        (
            lambda: Packing(**CELL, phases=(Phase(region="a", fraction=0.83, radius=UM),)),
            "cannot be packed|no packing",
        ),
        (
            lambda: Packing(
                **CELL, phases=(Phase(region="a", fraction=0.8, radius=6e-6, count=1),)
            ),
            "larger than the cell",
        ),
        (
            lambda: Packing(**CELL, phases=(Phase(region="a", fraction=0.3, radius=1e-5),)),
            "as large",
        ),
        (
            lambda: Packing(**CELL, phases=(Phase(region="a", fraction=0.6, radius=UM),) * 2),
            "sum up to 1.2",
        ),
        (
            lambda: Packing(
                **CELL,
                phases=(
                    Phase(region="a", fraction=0.3, radius=UM),
                    Phase(region="b", fraction=0.01, radius=1e-7, where="surface", hosts=("c",)),
                ),
            ),
            "no particles of that region",
        ),
        (
            lambda: Packing(
                **CELL,
                phases=(
                    Phase(region="a", fraction=0.3, radius=UM),
                    Phase(region="b", fraction=0.01, radius=1e-7, where="triple-line"),
                ),
            ),
            "there are 0 such places",
        ),
        (
            lambda: Wires(**CELL, fraction=0.2, diameter=5e-7, aspect_ratio=40),
            "larger than the cell|as large",
        ),
        (lambda: Grains(**BOX, count=50, boundary_thickness=2e-7), "leave nothing of grain"),
        (lambda: Grains(**BOX, count=5), "all grains are one region"),
        (lambda: InterfaceVoids(**BOX, void_share=0.9, position=1e-7), "does not fit"),
        (lambda: InterfaceVoids(**BOX, voids=6, void_share=0.8, contact_angle=150.0), "touches"),
        (lambda: InterfaceVoids(**BOX, voids=0), "give both or none"),
        (lambda: RoughInterface(**BOX, rms=4e-7, correlation_length=1e-7), "reaches"),
        (lambda: RoughInterface(**BOX, rms=1e-8, correlation_length=2e-6), "does not fit"),
        (
            lambda: RoughInterface(**BOX, rms=1e-8, correlation_length=1e-7, shortest=1e-10),
            "points",
        ),
        (lambda: IslandInterface(width=UM, size=1e-7, thickness=1e-8), "two of height"),
        (
            lambda: IslandInterface(width=UM, size=1e-7, gap=1e-8, thickness=6e-7),
            "thicker than the gap",
        ),
        (
            lambda: IslandInterface(width=UM, height=1e-7, size=1e-7, count=2, thickness=1e-8),
            "do not fit",
        ),
    ],
)
def test_impossible_targets_are_refused_with_the_reason(make, message):
    with pytest.raises(InputError, match=message):
        make().partition()


ENDLESS = [
    Wires(width=1e-5, height=1e-5, fraction=0.45, diameter=1e-7, aspect_ratio=50, gap=1e-8),
    Packing(
        width=1e-5,
        height=1e-5,
        gap=1e-9,
        phases=(Phase(region="a", fraction=0.7, radius=4e-7, shape="ellipse", aspect_ratio=5),),
    ),
    Packing(
        width=1e-5,
        height=1e-5,
        gap=1e-9,
        phases=(
            Phase(region="a", fraction=0.3, radius=UM),
            Phase(region="b", fraction=0.0025, radius=1e-8, where="surface", hosts=("a",)),
        ),
    ),
    Particle(
        **BOX, radius=3e-7, coating=Coating(coverage=0.5, count=5000, thickness=1e-11, spread=0.1)
    ),
    Grains(**BOX, count=5000, boundary_thickness=1e-11, evenness=200),
]


@pytest.mark.parametrize("generator", ENDLESS, ids=lambda g: g.kind)
def test_what_takes_too_long_is_refused_with_what_was_reached(generator, monkeypatch):
    monkeypatch.setattr("pyscl.geometry.deadline.TIME_LIMIT", 0.5)
    begin = time.monotonic()
    with pytest.raises(GeometryError, match=r"0\.5 s.*(only a fraction of|by then)"):
        generator.partition()
    assert time.monotonic() - begin < 10.0


@pytest.mark.parametrize("wraps", [(True, True), (True, False), (False, False)])
def test_places_are_clear_of_all_discs_that_are_there(wraps, rng):
    """The tree finds what a comparison with every disc finds, also across the sides."""
    size = np.array([2.0, 1.0]) * UM
    room = Room(size, np.array(wraps), np.zeros(2), size, 1e-9, 0.0)
    placed, places, radii = relaxation._Placed(400, room), np.empty((0, 2)), np.empty(0)
    found = []
    for _ in range(200):
        place = rng.random((2, 2)) * size * 1.2 - 0.1 * size
        radius = 10.0 ** rng.uniform(-8.5, -7.5, 2)
        away = places[:, None] - place
        away -= np.where(wraps, size, 0.0) * np.round(away / size)
        clear = bool(np.all(np.linalg.norm(away, axis=2) >= radii[:, None] + radius))
        assert placed.clear(place, radius) == clear
        found.append(clear)
        if clear:
            placed.add(place, radius)
            places, radii = np.concatenate([places, place]), np.concatenate([radii, radius])
    assert 60 < sum(found) < 190


def test_there_is_a_most_number_of_pieces():
    with pytest.raises(ValueError, match="less than or equal to 5000"):
        Coating(coverage=0.5, count=5001, thickness=1e-9)


def test_lost_contacts_do_not_have_the_name_of_the_voids():
    more = {"lost_share": 0.1, "lost": 1}
    for void, name in ((None, "void"), ("pore", "pore")):
        with pytest.raises(ValueError, match=f"lost_name is '{name}'"):
            InterfaceVoids(**BOX, **more, void=void, lost_name=name)
    assert InterfaceVoids(**BOX, **more, void="pore", lost_name="void").partition().chains


def test_lengths_in_errors_are_in_nanometres():
    with pytest.raises(GeometryError, match=r"spans 1200 x 1200 nm .* cell of 1000 x 1000 nm"):
        Particle(**BOX, radius=6e-7).partition()
    assert in_nm(1.2e-8, 3.5e-4, 2e-13) == "12 x 350000 x 0.0002 nm"


def test_geometry_errors_are_input_errors():
    assert issubclass(GeometryError, InputError)


def test_wires_longer_than_the_cell_in_their_direction_are_refused():
    """Walls on both ends would push them for ever."""
    wires = Wires(
        width=5e-6,
        height=5e-6,
        fraction=0.25,
        diameter=2.985e-7,
        aspect_ratio=17.0,
        direction=0.0,
        gap=4e-8,
        at_left_right="inside",
        at_bottom_top="inside",
    )
    with pytest.raises(GeometryError, match="does not fit inside the cell"):
        wires.partition()
