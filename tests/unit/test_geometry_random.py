"""Random parameters of every generator: a sound partition, or an error with a reason."""

import numpy as np
from approx import relative
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyscl.errors import InputError
from pyscl.geometry import (
    Coating,
    Disc,
    Ellipse,
    Grains,
    InterfaceVoids,
    IslandInterface,
    Packing,
    Particle,
    Phase,
    RegularPolygon,
    RoughInterface,
    Shell,
    Stack,
    Wires,
)
from pyscl.geometry.measures import areas

few = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
seeds = st.integers(0, 1000)
sides = st.sampled_from(["inside", "cut", "periodic"])
positions = st.sampled_from(["even", "random"])
axes = st.sampled_from([(), ("x",), ("y",), ("x", "y")])


def size(low, high):
    return st.floats(low, high).map(lambda x: float(f"{x:.4g}"))


def share(low=0.0, high=1.0):
    return st.floats(low, high).map(lambda x: round(x, 3))


def sound(make):
    """Make a partition and check it; a refusal must be an InputError that says something."""
    try:
        partition = make().partition()
    except InputError as error:
        reason = str(error)
    else:
        reason = ""
        check(partition)
    assert not reason or len(reason) > 40


def check(partition):
    """Check that the curves cut the whole rectangle into faces and meet at their ends only."""
    import shapely

    chains = partition.chains
    sides = {
        name: [c for c in chains if c.name == name] for name in ("left", "right", "bottom", "top")
    }
    width, height = (sum(c.length for c in sides[name]) for name in ("bottom", "left"))
    unit = max(width, height)
    assert sum(areas(chains).values()) == relative(width * height, 1e-9)
    assert all(area > 0 for area in areas(chains).values())
    assert shapely.MultiLineString([c.points / unit for c in chains]).is_simple
    for chain in chains:
        assert chain.left != chain.right
        step = np.linalg.norm(np.diff(chain.points, axis=0), axis=1)
        assert step.min() > 1e-11 * unit
        if chain.name in sides:
            assert None in (chain.left, chain.right)
    ends = np.concatenate([c.points[[0, -1]] for c in chains if not c.closed])
    counts = np.unique(ends, axis=0, return_counts=True)[1]
    assert counts.min() >= 2  # no curve ends in the open
    for first, second in partition.periodic:
        along = 1 if first == "left" else 0
        a, b = (
            sorted((*sorted(c.points[:, along].tolist()), c.left or c.right) for c in sides[name])
            for name in (first, second)
        )
        assert a == b


@few
@given(st.lists(st.tuples(st.sampled_from("abc"), size(1e-10, 1e-6)), min_size=1, max_size=6))
def test_stacks(layers):
    sound(lambda: Stack(height=1e-7, layers=[{"region": r, "thickness": t} for r, t in layers]))


coatings = st.builds(
    dict,
    coverage=share(),
    count=st.integers(1, 12),
    form=st.sampled_from(["conformal", "lens"]),
    thickness=st.none() | size(1e-10, 2e-7),
    contact_angle=st.none() | size(5.0, 175.0),
    positions=positions,
    spread=share(0.0, 0.6),
)
shapes = (
    st.builds(lambda r: Disc(radius=r), size(2e-8, 6e-7))
    | st.builds(lambda a, b, t: Ellipse(a=a, b=b, angle=t), *[size(5e-8, 5e-7)] * 2, size(0, 180))
    | st.builds(
        lambda n, r, t: RegularPolygon(corners=n, radius=r, angle=t),
        st.integers(3, 9),
        size(5e-8, 5e-7),
        size(0, 180),
    )
)


@few
@given(shapes, coatings, st.none() | size(1e-9, 3e-7), axes, seeds, st.booleans())
def test_particles(shape, coating, shell, periodic, seed, middle):
    sound(
        lambda: Particle(
            width=1e-6,
            height=8e-7,
            shape=shape,
            centre=None if middle else (3e-7, 1e-7),
            coating=Coating(**coating),
            shell=Shell(thickness=shell) if shell else None,
            periodic=periodic,
            cut=not middle,
            seed=seed,
        )
    )


@settings(few, max_examples=15)
@given(
    share(0.05, 0.7), share(0.02, 0.3), size(6e-7, 3e-6), size(2e-7, 1e-6), size(1e-9, 3e-7),
    st.sampled_from(["disc", "ellipse", "polygon"]), sides, sides, share(0.0, 0.5), seeds,
)  # fmt: skip
def test_packings(first, second, large, small, gap, shape, at_x, at_y, spread, seed):
    phases = (
        {"region": "a", "fraction": first, "radius": large, "spread": spread},
        {"region": "b", "fraction": 0.3 * second, "radius": small, "shape": shape},
        {
            "region": "c",
            "fraction": 0.01,
            "radius": 0.3 * small,
            "where": "surface",
            "hosts": ("a",),
        },
    )
    sound(
        lambda: Packing(
            width=1e-5,
            height=8e-6,
            phases=[Phase(**phase) for phase in phases[: 2 + seed % 2]],
            gap=gap,
            at_left_right=at_x,
            at_bottom_top=at_y,
            seed=seed,
        )
    )


@settings(few, max_examples=8)
@given(
    share(0.02, 0.3),
    size(1.6e-7, 4e-7),
    size(1.2, 20.0),
    st.none() | size(0.0, 180.0),
    sides,
    seeds,
)
def test_wires(fraction, diameter, aspect, direction, at, seed):
    sound(
        lambda: Wires(
            width=5e-6,
            height=5e-6,
            fraction=fraction,
            diameter=diameter,
            aspect_ratio=aspect,
            direction=direction,
            gap=4e-8,
            at_left_right=at,
            at_bottom_top=at,
            seed=seed,
        )
    )


@few
@given(st.integers(2, 60), st.none() | size(1e-10, 1e-7), st.integers(0, 20), axes, seeds)
def test_grains(count, thickness, evenness, periodic, seed):
    sound(
        lambda: Grains(
            width=1e-6,
            height=7e-7,
            count=count,
            numbered=thickness is None or seed % 2 == 0,
            boundary_thickness=thickness,
            evenness=evenness,
            periodic=periodic,
            seed=seed,
        )
    )


@few
@given(
    share(0.0, 0.95), st.integers(0, 6), size(5.0, 170.0), share(0.0, 0.6), st.integers(0, 4),
    positions, st.booleans(), st.sampled_from(["left", "right"]), seeds,
)  # fmt: skip
def test_voids(void_share, voids, angle, lost_share, lost, where, region, side, seed):
    def make():
        return InterfaceVoids(
            width=1e-6,
            height=1e-6,
            void_share=void_share if voids else 0.0,
            voids=voids,
            contact_angle=angle,
            lost_share=lost_share if lost else 0.0,
            lost=lost,
            positions=where,
            void="void" if region else None,
            side=side,
            periodic=seed % 2 == 0,
            seed=seed,
        )

    if region:
        sound(make)
    else:
        try:
            partition = make().partition()
        except InputError:
            return
        assert set(partition.regions) == {"active", "electrolyte"}


@few
@given(
    share(), st.integers(1, 9), st.none() | size(1e-9, 6e-7), st.none() | size(5.0, 175.0),
    st.sampled_from(["conformal", "lens"]), positions, seeds,
)  # fmt: skip
def test_islands(coverage, count, thickness, angle, form, where, seed):
    sound(
        lambda: IslandInterface(
            width=1e-6,
            height=1e-6,
            coverage=coverage,
            count=count,
            thickness=thickness,
            contact_angle=angle,
            form=form,
            positions=where,
            seed=seed,
        )
    )


@few
@given(size(1e-10, 2e-7), size(1e-8, 1.2e-6), share(0.05, 1.0), st.none() | size(5e-9, 1e-6), seeds)
def test_rough_interfaces(rms, correlation_length, hurst, shortest, seed):
    sound(
        lambda: RoughInterface(
            width=1e-6,
            height=1e-6,
            rms=rms,
            correlation_length=correlation_length,
            hurst=hurst,
            shortest=shortest,
            periodic=seed % 2 == 0,
            seed=seed,
        )
    )
