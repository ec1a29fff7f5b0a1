"""Random parameters of every generator: a sound mesh of the partition, or an error with a reason.

Few examples are tried in every run of the tests; `pytest -m slow` tries many.
"""

import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyscl.errors import InputError, MeshError
from pyscl.geometry import (
    Coating,
    Disc,
    Ellipse,
    Grains,
    ImageInput,
    InterfaceVoids,
    IslandInterface,
    Packing,
    Particle,
    Phase,
    RegularPolygon,
    RepresentativeCell,
    RoughInterface,
    Shell,
    Stack,
    Thresholds,
    Wires,
)
from pyscl.geometry.measures import areas, lengths
from pyscl.mesh import check
from pyscl.meshing import MeshSizes, mesh_partition

pytestmark = pytest.mark.skipif(find_spec("gmsh") is None, reason="needs gmsh")
IMAGE = Path(__file__).parents[2] / "examples" / "geometries" / "segmented.png"
TIME_LIMIT = 60.0  # s
OVERTIME = 20.0  # s; between two looks at the clock

every_check = list(HealthCheck)
few = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=every_check,
)
many = settings(few, max_examples=60)
seeds = st.integers(0, 1000)


def size(low, high):
    return st.floats(np.log(low), np.log(high)).map(lambda x: float(f"{np.exp(x):.4g}"))


def share(low=0.0, high=1.0):
    return st.floats(low, high).map(lambda x: round(x, 3))


def made(kind, **parameters):
    """Return functions without arguments that make generators of a kind."""
    return st.builds(dict, **parameters).map(lambda chosen: lambda: kind(**chosen))


sides = st.sampled_from(["inside", "cut", "periodic"])
positions = st.sampled_from(["even", "random"])
axes = st.sampled_from([(), ("x",), ("y",), ("x", "y")])
shells = st.none() | st.builds(lambda t: Shell(thickness=t), size(2e-9, 5e-8))
wide = {"width": st.just(1e-6), "height": st.just(8e-7)}
shapes = (
    st.builds(lambda r: Disc(radius=r), size(5e-8, 6e-7))
    | st.builds(lambda a, b, t: Ellipse(a=a, b=b, angle=t), *[size(5e-8, 4e-7)] * 2, share(0, 180))
    | st.builds(
        lambda n, r, t: RegularPolygon(corners=n, radius=r, angle=t),
        st.integers(3, 9),
        size(8e-8, 4e-7),
        share(0, 180),
    )
)
coated = {
    "count": st.integers(1, 8),
    "spread": share(0.0, 0.4),
    "positions": positions,
}
coatings = (
    made(Coating, thickness=size(2e-9, 5e-8))
    | made(Coating, coverage=share(0.05, 0.95), thickness=size(2e-9, 5e-8), **coated)
    | made(
        Coating,
        coverage=share(0.05, 0.9),
        form=st.just("lens"),
        contact_angle=share(15.0, 150.0),
        **coated,
    )
).map(lambda make: make())


def layers(parts):
    return [{"region": region, "thickness": thickness} for region, thickness in parts]


def phases(first, second, radius, shape, surface, coating):
    found = [
        Phase(region="a", fraction=first, radius=radius, spread=0.2, coating=coating),
        Phase(region="b", fraction=second, radius=0.5 * radius, shape=shape),
    ]
    small = Phase(region="c", fraction=0.02, radius=0.2 * radius, where="surface", hosts=("a",))
    return [*found, small] if surface else found


mixtures = st.builds(
    phases,
    share(0.1, 0.4),
    share(0.04, 0.12),
    size(7e-8, 1.4e-7),
    st.sampled_from(["disc", "ellipse", "polygon"]),
    st.booleans(),
    st.none() | st.just(Coating(thickness=1e-8)),
)
cell = {**wide, "phases": mixtures, "gap": size(5e-9, 3e-8), "seed": seeds}
grains = {
    "count": st.integers(2, 25),
    "evenness": st.integers(0, 20),
    "periodic": axes,
    "seed": seeds,
    **wide,
}
GEOMETRIES = {
    "stack": made(
        Stack,
        height=size(1e-8, 1e-6),
        layers=st.lists(
            st.tuples(st.sampled_from("abc"), size(1e-9, 3e-7)), min_size=1, max_size=6
        ).map(layers),
    ),
    "particle": made(
        Particle,
        shape=shapes,
        centre=st.none() | st.just((3e-7, 2e-7)),
        shell=shells,
        coating=coatings,
        periodic=axes,
        cut=st.booleans(),
        seed=seeds,
        **wide,
    ),
    "packing": made(Packing, at_left_right=sides, at_bottom_top=sides, **cell),
    "representative-cell": made(RepresentativeCell, **cell),
    "wires": made(
        Wires,
        fraction=share(0.02, 0.25),
        diameter=size(4e-8, 1e-7),
        aspect_ratio=size(1.2, 10.0),
        direction=st.none() | share(0.0, 180.0),
        shell=st.none() | st.just(Shell(thickness=8e-9)),
        gap=size(5e-9, 3e-8),
        at_left_right=sides,
        at_bottom_top=sides,
        seed=seeds,
        **wide,
    ),
    "grains": made(Grains, numbered=st.just(True), **grains)
    | made(Grains, boundary_thickness=size(1e-9, 3e-8), **grains),
    "interface-voids": made(
        InterfaceVoids,
        void_share=share(0.05, 0.7),
        voids=st.integers(1, 5),
        contact_angle=share(10.0, 160.0),
        lost_share=share(0.01, 0.2),
        lost=st.integers(1, 3),
        positions=positions,
        void=st.sampled_from(["void", None]),
        side=st.sampled_from(["left", "right"]),
        periodic=st.booleans(),
        seed=seeds,
        **wide,
    ),
    "island-interface": made(
        IslandInterface,
        coverage=share(),
        count=st.integers(1, 6),
        thickness=size(2e-9, 1e-7),
        positions=positions,
        seed=seeds,
        **wide,
    )
    | made(
        IslandInterface,
        coverage=share(0.05, 0.95),
        count=st.integers(1, 6),
        contact_angle=share(10.0, 160.0),
        form=st.just("lens"),
        positions=positions,
        seed=seeds,
        **wide,
    ),
    "rough-interface": made(
        RoughInterface,
        rms=size(1e-9, 1e-7),
        correlation_length=size(3e-8, 1e-6),
        hurst=share(0.1, 1.0),
        shortest=st.none() | size(1e-8, 2e-7),
        periodic=st.booleans(),
        seed=seeds,
        **wide,
    ),
    "image": made(
        ImageInput,
        file=st.just(IMAGE),
        pixel=st.just(1e-8),
        crop=st.tuples(*[st.integers(0, 70)] * 2, *[st.integers(20, 50)] * 2),
        regions=st.just({0: "a", 128: "b", 255: "c"}),
        clean=st.sampled_from([0.0, 2e-8, 5e-8]),
        denoise=st.sampled_from([0.0, 3e-8]),
        smooth=share(0.0, 2.0),
    )
    | made(
        ImageInput,
        file=st.just(IMAGE),
        width=st.just(1e-6),
        crop=st.tuples(*[st.integers(0, 70)] * 2, *[st.integers(20, 50)] * 2),
        thresholds=st.just(Thresholds(regions=("a", "b"), levels=(100,))),
    ),
}
wanted = st.fixed_dictionaries(
    {
        "length": size(4e-9, 3e-8),
        "without": st.integers(0, 3),
        "per_length": share(1.0, 4.0),
        "growth": share(1.1, 1.3),
        "along": st.none() | size(3e-8, 1e-7),
        "bulk": st.none() | size(3e-8, 3e-7),
    }
)


def sizes_of(partition, length, without, **others):
    """Return sizes with layers in all regions but one, or in all."""
    regions = list(partition.regions)
    resolved = [name for number, name in enumerate(regions) if number != without]
    return MeshSizes(resolve=dict.fromkeys(resolved, length), **others)


def sound(make, wishes):
    """Mesh a geometry and check the mesh; a refusal must say something."""
    begin = time.monotonic()
    try:
        partition = make().partition()
        begin = time.monotonic()
        mesh = mesh_partition(partition, sizes_of(partition, **wishes), time_limit=TIME_LIMIT)
    except (InputError, MeshError) as error:
        reason = str(error)
    else:
        reason = ""
        check_mesh(mesh, partition)
    assert time.monotonic() - begin < TIME_LIMIT + OVERTIME
    assert not reason or len(reason) > 40
    assert "the mesh that was made" not in reason  # its own verdict never fails
    return reason


def check_mesh(mesh, partition):
    """Check that a mesh has the faces and names of its partition, and covers them once."""
    assert not check(mesh).failed
    assert set(mesh.region_names) == set(partition.regions)
    named = {chain.name for chain in partition.chains if chain.name}
    assert set(mesh.facet_names) == named
    assert mesh.areas.min() > 0.0
    known = areas(partition.chains)
    total = sum(known.values())
    holes = sum(chord_error(mesh, partition, r) for r in known) if has_holes(partition) else 0.0
    assert mesh.areas.sum() == pytest.approx(total, abs=1e-9 * total + holes)
    for name, area in known.items():
        allowed = chord_error(mesh, partition, name) + 1e-9 * total
        assert mesh.areas[mesh.regions_of(name)].sum() == pytest.approx(area, abs=allowed)
    outer = lengths(c for c in partition.chains if c.left is None or c.right is None)
    for name in ("left", "right", "bottom", "top"):
        ends = mesh.points[mesh.facets_of(name)]
        length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum()
        assert length == pytest.approx(outer[name], rel=1e-9)
    for pair in partition.periodic:
        along = 1 if pair[0] == "left" else 0
        first, second = (np.sort(mesh.points[np.unique(mesh.facets_of(n)), along]) for n in pair)
        assert first == pytest.approx(second, abs=1e-9 * np.sqrt(total))


def has_holes(partition):
    """Whether outer curves are not all sides of the rectangle."""
    outer = {c.name for c in partition.chains if c.left is None or c.right is None}
    return outer != {"left", "right", "bottom", "top"}


def chord_error(mesh, partition, region):
    """Return an upper limit of the area [m2] between curves and edges, as arcs turn by 30 deg."""
    inside = mesh.edges.sides[np.repeat(mesh.regions_of(region), 3)]
    keys, count = np.unique(np.sort(inside, axis=1), axis=0, return_counts=True)
    around = mesh.points[keys[count == 1]]
    upright = np.any(around[:, 0] == around[:, 1], axis=1)  # sides of the rectangle
    edges = float(((around[:, 1] - around[:, 0])[~upright] ** 2).sum())
    chords = 0.0
    for chain in partition.chains:
        if region in (chain.left, chain.right):
            step = np.diff(chain.points, axis=0)
            bends = len(step) > 8  # else it is straight between corners
            chords += float((step**2).sum()) if bends else 0.0
    return np.radians(30.0) / 12.0 * (edges + chords)


@pytest.mark.parametrize("kind", GEOMETRIES)
@few
@given(data=st.data(), wishes=wanted)
def test_a_geometry_gives_a_sound_mesh_or_a_reason(kind, data, wishes):
    sound(data.draw(GEOMETRIES[kind]), wishes)


@pytest.mark.slow
@pytest.mark.parametrize("kind", GEOMETRIES)
@many
@given(data=st.data(), wishes=wanted)
def test_many_geometries_give_a_sound_mesh_or_a_reason(kind, data, wishes):
    sound(data.draw(GEOMETRIES[kind]), wishes)
