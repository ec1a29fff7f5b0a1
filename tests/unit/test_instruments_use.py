"""Instruments: what they refuse, how they treat borders, gaps and periodic cells, their files."""

import csv

import numpy as np
import pytest
from approx import relative
from imposed import NM, imposed, plate
from models import two_conductors

from pyscl import InputError, Interface, Mesh, Model, Periodic, PotentialContact
from pyscl.instruments import (
    Raster,
    band_diagram,
    core_level_shift,
    differential_phase_contrast,
    electron_holography,
    interaction_constant,
    kelvin_probe,
    lithium_map,
    lithium_profile,
    stack_potential,
)
from pyscl.instruments.blur import Blur
from pyscl.instruments.overlap import overlap
from pyscl.mesh import from_delaunay, rectangle


@pytest.fixture(scope="module")
def flat():
    """Return a plate of two regions at 1 V."""
    return imposed(plate(split=50 * NM, cells=(100, 10)), lambda x, y: 1.0 + 0.0 * x)


@pytest.fixture(scope="module")
def contact():
    """Return the equilibrium of two conductors of lithium."""
    return two_conductors().equilibrium()


@pytest.fixture(scope="module")
def body():
    """Return a body of revolution at 1 V."""
    return imposed(plate(cells=(50, 10), coordinates="axisymmetric"), lambda r, z: 1.0 + 0.0 * r)


@pytest.fixture(scope="module")
def notched():
    """Return an L-shaped plate with phi = x / 1 nm, the corner x, y > 10 nm missing."""
    grid = np.stack(np.meshgrid(*[np.linspace(0.0, 20 * NM, 21)] * 2), axis=-1).reshape(-1, 2)
    whole = from_delaunay(grid, lambda c: ["a" if min(p) < 10 * NM else "gap" for p in c])
    kept = whole.regions_of("a")
    used, numbers = np.unique(whole.triangles[kept], return_inverse=True)
    mesh = Mesh(
        whole.points[used],
        numbers.reshape(-1, 3),
        np.zeros(kept.sum(), dtype=int),
        ("a",),
        np.searchsorted(used, whole.facets_of("left")),
        np.zeros(20, dtype=int),
        ("left",),
    )
    model = Model(
        mesh, {"a": plate().materials["a"]}, contacts={"left": PotentialContact(potential=0.0)}
    )
    return imposed(model, lambda x, y: x / NM)


# --- the raster ------------------------------------------------------------------------------


def test_pieces_fill_triangles_and_pixels(rng):
    points = np.vstack([rng.random((300, 2)), [[0, 0], [0, 1], [1, 0], [1, 1]]])
    mesh = from_delaunay(points, lambda c: ["a"] * len(c))
    edges = np.linspace(0.0, 1.0, 38)
    piece = overlap(mesh.points, mesh.triangles, edges, edges)
    of_pixel = np.bincount(piece.pixel, piece.area, 37 * 37)
    of_triangle = np.bincount(piece.triangle, piece.area, mesh.n_triangles)
    assert of_pixel == relative(np.full(37 * 37, 1.0 / 37**2), 1e-10)
    assert of_triangle == pytest.approx(mesh.areas, rel=1e-9, abs=1e-16)
    linear = (piece.weight * (mesh.points @ [2.0, -1.0])[mesh.triangles[piece.triangle]]).sum(
        axis=1
    )
    mean = np.bincount(piece.pixel, piece.area * linear, 37 * 37) * 37**2
    x, y = np.meshgrid(*[0.5 * (edges[1:] + edges[:-1])] * 2)
    assert mean == pytest.approx((2.0 * x - y).ravel(), abs=1e-12)


def test_sampling_does_not_smear_an_interface(contact):
    raster = Raster.of(contact, "0.1 nm")
    fraction = raster.sample("site_fraction_Li")
    a = raster.region == "a"
    sites = contact.site_region == 0
    assert fraction[a].min() >= contact.site_fraction("Li")[sites].min()
    assert fraction[~a].max() <= contact.site_fraction("Li")[~sites].max()
    assert raster.sample("electric_field").shape == (*raster.shape, 2)


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("pixel", ["0.13 nm", "3 nm"])
def test_amounts_have_the_sum_of_the_sites(contact, pixel, centred):
    held = contact["concentration_Li"].values * contact.site_volume
    seen = Raster.of(contact, pixel).amounts(held, centred=centred)
    assert seen.sum() == relative(contact.amount("Li"), 1e-13)


def test_centred_amounts_keep_centroid_and_width(flat):
    raster = Raster.of(flat, "7 nm")
    held = np.zeros(flat.model.mesh.n_points)
    place = np.argmin(np.linalg.norm(flat.model.mesh.points - [31 * NM, 10 * NM], axis=1))
    held[place] = 1.0
    at, width = flat.model.mesh.points[place, 0], 1 * NM / np.sqrt(6.0)  # of its hat
    seen = raster.amounts(held, by_node=True, centred=True).sum(axis=0)
    centroid = seen @ raster.x
    assert centroid == pytest.approx(at, abs=1e-3 * NM)
    assert seen @ (raster.x - centroid) ** 2 == pytest.approx(width**2, abs=0.2 * NM**2)
    plain = raster.amounts(held, by_node=True).sum(axis=0)
    assert abs(plain @ raster.x - at) > 0.9 * NM


def test_outside_of_the_mesh_is_nan_and_does_not_darken_the_border(notched):
    seen = electron_holography(notched, "60 nm", resolution="2 nm")
    x, y = np.meshgrid(seen.x, seen.y)
    gap = (x > 10 * NM) & (y > 10 * NM)
    assert np.isnan(seen.phase[gap]).all()
    assert (seen.region[gap] == "").all()
    assert np.isfinite(seen.phase[~gap]).all()
    assert np.nanmin(seen.potential) > 0.0
    constant = Blur(2 * NM, (0.4 * NM, 0.4 * NM)).of(np.ones(x.shape), (~gap).astype(float))
    assert constant[~gap] == pytest.approx(1.0, abs=1e-12)


def test_blur_beside_a_gap_loses_nothing(rng):
    share = np.ones((30, 40))
    share[10:, 20:] = 0.0
    amounts = rng.random((30, 40)) * share
    for shape in ("gaussian", "lorentzian"):
        seen = Blur(5.0, (1.0, 1.0), shape).spread(amounts, share)
        assert seen.sum() == relative(amounts.sum(), 1e-12)
        assert not seen[share == 0.0].any()


def test_periodic_border_brings_back_what_leaves():
    spike = np.zeros((1, 50))
    spike[0, 0] = 1.0
    ones = np.ones((1, 50))
    wrapped = Blur(5.0, (1.0, 1.0), borders=("mirror", "periodic")).spread(spike, ones)[0]
    mirrored = Blur(5.0, (1.0, 1.0)).spread(spike, ones)[0]
    assert wrapped[-1] == relative(wrapped[1], 1e-9)
    assert mirrored[-1] < 1e-12
    assert wrapped.sum() == relative(1.0, 1e-12)


def test_charge_of_a_periodic_cell_has_no_seam():
    mesh = rectangle(40, 40, 20 * NM, 20 * NM, region="a")
    model = Model(
        mesh,
        {"a": plate().materials["a"]},
        contacts={"bottom": PotentialContact(potential=0.0)},
    )
    state = imposed(model, lambda x, y: 0.2 * x / (20 * NM))
    pair = Periodic(sides=("left", "right"), potential_jump=0.2)
    state.model = Model(mesh, model.materials, contacts=model.contacts, periodic=[pair])
    seen = differential_phase_contrast(state, resolution="2 nm")
    inner = np.abs(seen.y - 10 * NM) < 5 * NM
    assert np.abs(seen.charge[inner]).max() < 1e-6 * 8.85e-12 * 1e7 / (2 * NM)
    assert seen.field[inner, :, 0] == relative(-1e7, 1e-6)


def test_window_sees_what_is_beside_it(contact):
    window = (9 * NM, 12 * NM, 0.0, 4 * NM)
    part = electron_holography(contact, "60 nm", resolution="1 nm", pixel="0.1 nm", window=window)
    whole = electron_holography(contact, "60 nm", resolution="1 nm", pixel="0.1 nm")
    exact = np.interp(part.x, whole.x, whole.potential[5])
    assert part.x[0] >= 9 * NM
    assert part.potential[5] == pytest.approx(exact, abs=2e-4)


def test_profile_averages_a_band_and_names_the_regions(flat, notched):
    seen = electron_holography(flat, "60 nm", resolution="3 nm", inner_potential={"b": 5.0})
    line = seen.profile((0.0, 10 * NM), (100 * NM, 10 * NM), width=6 * NM)
    assert list(dict.fromkeys(line.region)) == ["a", "b"]
    assert line.fields["potential"][[10, -10]] == pytest.approx([1.0, 6.0])
    assert line.units["phase"] == "rad"
    gap = electron_holography(notched, "60 nm", resolution="2 nm")
    slope = gap.profile((4 * NM, 5 * NM), (16 * NM, 5 * NM)).fields["potential"]
    assert slope == pytest.approx(np.linspace(4.0, 16.0, 200), abs=0.03)
    across = gap.profile((15 * NM, 1 * NM), (15 * NM, 19 * NM))
    assert np.isnan(across.fields["phase"][across.region == ""]).all()
    beyond = seen.profile((90 * NM, 10 * NM), (110 * NM, 10 * NM), points=21)
    assert list(beyond.region[[9, 12]]) == ["b", ""]
    assert np.isnan(beyond.fields["phase"][12:]).all()
    assert np.isfinite(beyond.fields["phase"][:10]).all()
    with pytest.raises(InputError, match="misses the raster"):
        gap.profile((1.0, 1.0), (2.0, 2.0))
    with pytest.raises(InputError, match="two different points"):
        gap.profile((0.0, 0.0), (0.0, 0.0))


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resolution": "1 nm", "pixel": "0.5 nm"}, "pixel <= 0.3333 nm"),
        ({"resolution": "-1 nm"}, "resolution must be 0"),
        ({"resolution": 0, "pixel": 0}, "pixel must be a positive length"),
        ({"resolution": "10 pm"}, "more than 4 million; give larger pixels"),
        ({"window": (1.0, 2.0, 0.0, 1.0)}, "off the mesh"),
        ({"window": (2.0, 1.0, 0.0, 1.0)}, "x first < x last"),
        ({"reference": "c"}, "neither a potential.*nor a region; regions: a, b"),
        ({"inner_potential": {"B": 3.0}}, "no region 'B'. Allowed: a, b"),
        ({"accelerating_voltage": -1.0}, "accelerating voltage must be positive"),
        ({"accelerating_voltage": 300}, "write '300 kV' for kilovolts"),
        ({"thickness": None}, "needs the thickness"),
        ({"thickness": "-3 nm"}, "thickness must be a positive length"),
    ],
)
def test_holography_says_what_is_wrong(flat, arguments, message):
    with pytest.raises(InputError, match=message):
        electron_holography(flat, **({"thickness": "60 nm"} | arguments))


def test_bodies_of_revolution_are_refused_where_the_formula_is_plane(body):
    with pytest.raises(InputError, match="leave thickness out"):
        electron_holography(body, "60 nm")
    with pytest.raises(InputError, match="leave window out"):
        electron_holography(body, window=(0.0, NM, 0.0, NM))
    with pytest.raises(InputError, match="plane model"):
        differential_phase_contrast(body)
    with pytest.raises(InputError, match="normal to the axis"):
        core_level_shift(body, "right")
    state = two_conductors(coordinates="axisymmetric").equilibrium()
    with pytest.raises(InputError, match="along its axis"):
        lithium_profile(state, "x")
    with pytest.raises(InputError, match="plane model"):
        lithium_map(state)
    seen = lithium_profile(state, "y", resolution="1 nm")
    assert seen.total == relative(state.amount("Li"), 1e-12)
    assert seen.units["amount"] == "mol/m"
    inner = seen.true_amount[np.abs(seen.position - 2 * NM) < NM]
    assert inner == relative(state.amount("Li") / (4 * NM), 2e-4)


def test_body_of_revolution_has_core_levels_and_a_section(body):
    assert core_level_shift(body, "bottom").shift[0] == relative(-1.0, 1e-12)
    seen = kelvin_probe(body, (0.0, 5 * NM), (90 * NM, 5 * NM))
    assert seen.difference == relative(1.0, 1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tip": "round"}, "no tip 'round'"),
        ({"reference": "A"}, "regions: a, b"),
        ({"reference": (np.nan, 0.0)}, "a reference is a region"),
        ({"reference": (1e-3, 1e-3)}, "is outside the mesh"),
        ({"surface_step": {"c": 1.0}}, "no region 'c'"),
    ],
)
def test_kelvin_probe_says_what_is_wrong(flat, arguments, message):
    with pytest.raises(InputError, match=message):
        kelvin_probe(flat, (0.0, 10 * NM), (100 * NM, 10 * NM), **arguments)


@pytest.mark.parametrize(
    ("surface", "arguments", "message"),
    [
        ("lid", {}, "no facet group 'lid'"),
        ("left", {"attenuation_length": 0.0}, "attenuation_length must be a positive length"),
        ("left", {"emission_angle": 89.0}, "below 85 degrees"),
        ("left", {"resolution": "0 eV"}, "resolution must be positive"),
        ("left", {"reference": "x"}, "neither a potential"),
    ],
)
def test_core_levels_say_what_is_wrong(flat, surface, arguments, message):
    with pytest.raises(InputError, match=message):
        core_level_shift(flat, surface, **arguments)


def test_core_levels_need_a_plane_surface_outside(notched):
    mesh = notched.model.mesh
    boundary = mesh.boundary
    middle = mesh.points[boundary].mean(axis=1)
    groups = {
        "bent": boundary[(middle[:, 0] < 1e-12) | (middle[:, 1] < 1e-12)],
        "step": boundary[np.abs(middle[:, 1] - 10 * NM) < 1e-12],
        "inside": mesh.edges.sides[mesh.edges.pairs[:1, 0]],
    }
    names = tuple(groups)
    sides = Mesh(
        mesh.points,
        mesh.triangles,
        mesh.region,
        mesh.region_names,
        np.concatenate([mesh.facets, *groups.values()]),
        np.repeat(np.arange(4), [len(mesh.facets), *map(len, groups.values())]),
        ("left", *names),
    )
    model = Model(sides, notched.model.materials, contacts=notched.model.contacts)
    state = imposed(model, lambda x, y: x / NM)
    for name, message in (
        ("bent", "not a plane"),
        ("step", "above the plane"),
        ("inside", "inside the mesh.*left"),
    ):
        with pytest.raises(InputError, match=message):
            core_level_shift(state, name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"carrier": "Lo"}, "no carrier 'Lo'.*Did you mean 'Li'"),
        ({"regions": ("A",)}, "no region 'A'"),
        ({"regions": ()}, "regions is empty"),
        ({"direction": "z"}, "no direction 'z'"),
        ({"direction": (0.0, 0.0)}, "a direction is"),
        ({"ends": "closed"}, "no way to treat the ends"),
        ({"bin_width": "1 nm"}, "bin_width <= 0.3333 nm"),
        ({"resolution": "0.1 pm"}, "give a coarser resolution"),
        ({"resolution": lambda depth: 0.0 * depth}, "must return positive widths"),
    ],
)
def test_lithium_profile_says_what_is_wrong(contact, arguments, message):
    with pytest.raises(InputError, match=message):
        lithium_profile(contact, **arguments)


def test_lithium_of_one_region(contact):
    assert lithium_profile(contact, regions="b", resolution=0).total == relative(
        lithium_profile(contact, regions=("b",), resolution=0).total, 1e-15
    )
    seen = lithium_profile(contact, regions=("b",), resolution=0)
    assert seen.total == relative(contact.amount("Li", "b"), 1e-12)
    assert not seen.amount[seen.position < 9 * NM].any()
    everything = lithium_profile(contact, ends="continued", resolution="1 nm")
    ends = everything.concentration[[0, -1]]
    exact = contact["concentration_Li"].values[
        [contact.site_points[:, 0].argmin(), contact.site_points[:, 0].argmax()]
    ]
    assert ends == relative(exact, 5e-4)


def test_band_diagram_names_what_is_not_there(contact):
    line = (0.0, NM), (20 * NM, NM)
    with pytest.raises(InputError, match="no contact or region on the line 'c'"):
        band_diagram(contact, *line, reference="c")
    seen = band_diagram(contact, *line, reference="left")
    assert seen.potential[0] == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(InputError, match="no carrier 'e'"):
        seen.built_in_potential("a", "b", carrier="e")
    with pytest.raises(InputError, match="no region with Li on the line 'A'"):
        seen.built_in_potential("A", "b")


def test_levels_move_with_the_reference(contact):
    line = (0.0, NM), (20 * NM, NM)
    plain, moved = (band_diagram(contact, *line, reference=r) for r in (None, "a"))
    assert moved.levels["Li"] == pytest.approx(plain.levels["Li"] - moved.shift, abs=1e-12)
    assert moved.apart["Li"] == pytest.approx(plain.apart["Li"])
    assert np.isnan(plain.lithium_voltage).all()


def test_interface_has_a_sample_on_either_side(contact):
    seen = band_diagram(contact, (0.0, NM), (20 * NM, NM), points=7)
    (edge,) = np.flatnonzero(seen.region[1:] != seen.region[:-1])
    assert seen.distance[[edge, edge + 1]] == relative([10 * NM] * 2, 1e-9)
    jump = seen.standard_levels["Li"][edge + 1] - seen.standard_levels["Li"][edge]
    step = contact.model.materials["b"].carrier("Li").standard_potential
    assert jump == relative(step, 1e-6)


def test_a_compact_layer_is_a_jump_of_the_stack():
    law = Interface(compact_capacitance=0.1)
    state = two_conductors(interfaces={"a|b": law}).equilibrium()
    line = (0.0, NM), (20 * NM, NM)
    steps = stack_potential(state, *line)
    sides = state["potential"].values[np.abs(state.site_points[:, 0] - 10 * NM) < 1e-15]
    assert abs(steps.jump[1]) == relative(np.ptp(sides), 1e-3)
    assert abs(steps.jump[1]) > 1e-3
    diagram = band_diagram(state, *line)
    (edge,) = np.flatnonzero(diagram.region[1:] != diagram.region[:-1])
    assert np.ptp(diagram.potential[edge : edge + 2]) == relative(abs(steps.jump[1]), 1e-9)


@pytest.mark.parametrize("reference", [0.25, "250 mV", "a"])
def test_reference_has_phase_zero(flat, reference):
    inner = {"a": "-0.75 V", "b": "1 V"}
    seen = electron_holography(
        flat, "60 nm", resolution=0, reference=reference, inner_potential=inner
    )
    assert seen.reference == pytest.approx(0.25)
    assert seen.phase[:, seen.x < 49 * NM] == pytest.approx(0.0, abs=1e-9)
    phase = interaction_constant(3e5) * 60 * NM * 1.75
    assert seen.phase[:, seen.x > 51 * NM] == pytest.approx(phase)


def test_stack_must_stay_inside(notched):
    with pytest.raises(InputError, match="leaves the mesh and enters it again"):
        stack_potential(notched, (5 * NM, 19.5 * NM), (19.5 * NM, 5 * NM))


# --- files -----------------------------------------------------------------------------------


def test_every_result_writes_its_units(contact, tmp_path):
    line = (0.0, NM), (20 * NM, NM)
    results = {
        "phase": electron_holography(contact, "60 nm"),
        "charge": differential_phase_contrast(contact),
        "lithium_map": lithium_map(contact),
        "kelvin": kelvin_probe(contact, *line, resolution="2 nm"),
        "levels": core_level_shift(contact, "left"),
        "lithium": lithium_profile(contact),
        "bands": band_diagram(contact, *line),
        "stack": stack_potential(contact, *line),
    }
    heads = {}
    for name, result in results.items():
        result.write_csv(tmp_path / name)
        with open(tmp_path / name, newline="") as file:
            heads[name], *rows = csv.reader(file)
        assert len(rows) > 2
        assert all("[" in head for head in heads[name] if head not in ("region", "place"))
    assert {"phase [rad]", "potential [V]"} <= set(heads["phase"])
    assert {"field_x [V/m]", "charge [C/m^3]"} <= set(heads["charge"])
    assert "level_Li [eV]" in heads["bands"]


def test_deflection_follows_the_phase_gradient(flat):
    state = imposed(flat.model, lambda x, y: 1e7 * x)
    seen = differential_phase_contrast(state, resolution=0)
    tilt = seen.deflection("50 nm", "200 kV")[3, 10, 0]
    # E pushes electrons towards +x (phi rises along x): wavelength / 2 pi times C_E t |E|
    from pyscl.instruments import electron_wavelength

    exact = electron_wavelength(2e5) / (2 * np.pi) * interaction_constant(2e5) * 50 * NM * 1e7
    assert tilt == relative(exact, 1e-9)
