"""Thin layers: rows of long triangles stay rows, and what is not resolved is not trusted."""

import numpy as np
import pytest
from scipy.constants import elementary_charge, epsilon_0

from pyscl.adaptivity import (
    AdaptiveStep,
    ContactCharge,
    Estimate,
    Resolution,
    adapt,
    bulk_marks,
    goal_estimate,
    on_refined,
    refine_edges,
    refine_uniformly,
)
from pyscl.adaptivity.loop import _end
from pyscl.adaptivity.resolution import mean_excess
from pyscl.boundaries import Conserved, PotentialContact
from pyscl.materials import Boltzmann, Carrier, Material
from pyscl.mesh import Mesh, graded, rectangle, strip
from pyscl.mesh.quality import squared_lengths
from pyscl.model import Model
from pyscl.verification.setups import VT

NM = 1e-9  # Debye length of the neutral solution
SIDE = 50 * NM
PERMITTIVITY = 10.0
DENSITY = epsilon_0 * PERMITTIVITY * VT / (2 * elementary_charge * NM**2)
EXACT = -1232.1456 / 50 * epsilon_0 * PERMITTIVITY * VT / NM
"""Charge per area: finite volumes on a line, extrapolated (tests/benchmarks/reference.py)."""


def dilute_cell(mesh):
    """Two dilute ions between blocking electrodes at 20 kT/e; layers of 0.01 to 0.1 nm."""
    ions = [
        Carrier(
            name=name,
            charge=charge,
            statistics=Boltzmann(),
            mobility="dilute",
            site_density=DENSITY,
            site_fraction=1.0,
        )
        for name, charge in (("+", 1), ("-", -1))
    ]
    return Model(
        mesh,
        {"electrolyte": Material(relative_permittivity=PERMITTIVITY, carriers=ions)},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=20 * VT),
        },
        conserved=[Conserved(carrier=ion.name, regions=("electrolyte",)) for ion in ions],
    )


def coarse():
    return dilute_cell(rectangle(16, 4, SIDE, SIDE / 4, "electrolyte"))


def layered(first=0.02, rows=6):
    x = graded(SIDE, first * NM, 1.5 ** (first / 0.08), 50 * first * NM, fine="both")
    return strip(x, SIDE, rows, regions=[("electrolyte", SIDE)])


def off(estimate, width, corrected=False):
    """Relative error of a charge."""
    value = estimate.corrected if corrected else estimate.value
    return abs(value / (EXACT * width) - 1.0)


# --- rows of thin triangles --------------------------------------------------------------------


def rows(columns=4):
    """Rows 0.02 nm high and 1 nm long beside each other, then squares."""
    x = np.array([0.0, 0.02, 0.04, 0.06, 0.08, 1.0, 2.0]) * NM
    return strip(x, columns * NM, columns)


def edge(mesh: Mesh, first, last):
    """The number of the edge between two points [nm]."""
    ends = [np.argmin(np.hypot(*(mesh.points / NM - p).T)) for p in (first, last)]
    number = int(mesh.edges.find(np.array([ends], dtype=np.int32))[0])
    assert number >= 0
    return number


def diagonal(mesh, x0, x1, y0, y1):
    for ends in (((x0, y0), (x1, y1)), ((x0, y1), (x1, y0))):
        try:
            return edge(mesh, *ends)
        except AssertionError:
            continue
    raise AssertionError


def spans(mesh):
    """Triangles per (lowest x, highest x) [pm]."""
    x = np.round(mesh.points[mesh.triangles, 0] / NM * 1e4).astype(int)
    return {tuple(row) for row in np.column_stack([x.min(axis=1), x.max(axis=1)])}


@pytest.mark.parametrize("what", ["short", "diagonal"])
@pytest.mark.parametrize("stretch", [1.0, 4.0, 20.0])
def test_a_thin_row_is_halved_along_its_whole_length(what, stretch):
    """One marked edge across it is enough; no triangle reaches over a line between rows."""
    mesh = rows()
    at = (
        edge(mesh, (0.02, 1.0), (0.04, 1.0))
        if what == "short"
        else diagonal(mesh, 0.02, 0.04, 1.0, 2.0)
    )
    refined = refine_edges(mesh, [at], stretch=stretch).mesh
    assert refined.n_points == mesh.n_points + 5
    assert spans(refined) == spans(mesh) - {(200, 400)} | {(200, 300), (300, 400)}
    assert refined.n_triangles == mesh.n_triangles + 8


def test_a_column_is_halved_across_the_layer():
    mesh = rows()
    at = edge(mesh, (0.04, 1.0), (0.04, 2.0))
    refined = refine_edges(mesh, [at]).mesh
    in_layer = spans(mesh) - {(800, 10000), (10000, 20000)}
    assert in_layer <= spans(refined)
    new = refined.points[mesh.n_points :] / NM
    np.testing.assert_allclose(new[new[:, 0] < 0.081][:, 1], 1.5, rtol=1e-12)
    assert (new[:, 0] < 0.079).sum() == 4


def test_rows_and_columns_together_make_similar_quadrangles():
    mesh = rows()
    marks = [edge(mesh, (0.0, 1.0), (0.0, 2.0)), edge(mesh, (0.02, 1.0), (0.04, 1.0))]
    refined = refine_edges(mesh, marks).mesh
    assert {(0, 200), (200, 300), (300, 400)} <= spans(refined)
    longest = np.sqrt(squared_lengths(refined).max(axis=1))
    assert (longest / NM).max() < 1.5


def test_nodes_beside_a_layer_do_not_flip_its_lines():
    """Delaunay triangles would reach from the middle of a long side over all rows to the wall."""
    x = np.array([0.0, 0.02, 0.04, 0.06, 0.08, 0.5, 1.0]) * NM
    mesh = strip(x, 4 * NM, 4)
    refined = refine_edges(mesh, [edge(mesh, (0.5, 1.0), (0.5, 2.0))], stretch=4.0).mesh
    assert refined.n_points > mesh.n_points
    for first, last in spans(refined):
        assert not ((0 <= first < 800) and last > first + 200)


def test_a_grid_of_squares_becomes_layers():
    """Marks across the first column make one more line of nodes there, six times in a row."""
    mesh = strip(np.linspace(0.0, 4.0, 5) * NM, 4 * NM, 4)
    for _ in range(6):
        ends = mesh.points[np.column_stack(np.divmod(mesh.edges.keys, mesh.n_points)), 0]
        marks = (ends.min(axis=1) < 1e-6 * NM) & (np.ptp(ends, axis=1) > 1e-6 * NM)
        before = mesh.n_points
        mesh = refine_edges(mesh, marks, stretch=100.0).mesh
        assert mesh.n_points == before + 5
    assert len(np.unique(np.round(mesh.points[:, 0] / NM, 9))) == 5 + 6
    assert refine_edges(mesh, [], stretch=100.0).mesh.n_points == mesh.n_points


def test_layers_of_limited_stretch_are_cut_both_ways():
    mesh = strip(np.linspace(0.0, 4.0, 5) * NM, 4 * NM, 4)
    for _ in range(8):
        ends = mesh.points[np.column_stack(np.divmod(mesh.edges.keys, mesh.n_points)), 0]
        marks = (ends.min(axis=1) < 1e-6 * NM) & (np.ptp(ends, axis=1) > 1e-6 * NM)
        mesh = refine_edges(mesh, marks, stretch=4.0).mesh
    ratio = squared_lengths(mesh).max(axis=1) / (2.0 * mesh.areas)
    assert 4.0 < ratio.max() < 9.0
    assert mesh.points[mesh.points[:, 0] > 0.0, 0].min() < 0.02 * NM


def test_refining_a_layered_mesh_lowers_the_error():
    """One node between rows raised it from 0.06 % to 1.4 %."""
    model = dilute_cell(layered(rows=3))
    result = adapt(model, ContactCharge("left"), tolerance=1e-9, max_steps=5)
    errors = np.array([abs(row.value / (EXACT * SIDE) - 1.0) for row in result.history])
    assert errors[0] < 7e-4
    assert (np.diff(errors) < 0.0).all()
    assert errors[-1] < 0.3 * errors[0]
    assert result.history[-1].nodes < 1.4 * result.history[0].nodes


# --- where the error comes from ----------------------------------------------------------------


def test_parts_of_closed_ions_do_not_cancel():
    """Both layers count alike; all parts have the sign of their sum, which is the estimate."""
    solution = dilute_cell(layered(rows=2)).equilibrium()
    estimate = goal_estimate(solution, ContactCharge("left"))
    assert estimate.edges is not None
    assert estimate.edges.sum() == pytest.approx(estimate.error, rel=1e-6)
    assert np.abs(estimate.edges).sum() < 1.05 * abs(estimate.error)
    mesh = solution.model.mesh
    ends = np.column_stack(np.divmod(mesh.edges.keys, mesh.n_points))
    left = mesh.points[ends, 0].mean(axis=1) < SIDE / 2
    assert 0.8 < estimate.edges[left].sum() / estimate.edges[~left].sum() < 1.25


# --- resolution --------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [1.0, 1 - 1e-9, 0.995, 0.98, 0.9, 0.1, 1e-9, 0.0])
def test_excess_of_a_mean_is_that_of_an_exponential(ratio):
    """Arithmetic mean of the ends minus the mean of a^(1-s) b^s over s."""
    node, weight = np.polynomial.legendre.leggauss(60)
    s = 0.5 * (node + 1.0)
    inner = 0.5 * weight @ ratio**s if ratio else 0.0
    expected = 0.5 * (1.0 + ratio) - inner
    for a, b in ((2.0, 2.0 * ratio), (2.0 * ratio, 2.0)):
        excess = float(mean_excess(np.array([a]), np.array([b]))[0])
        rel = 1e-4 if ratio > 1e-12 else 2e-2
        assert excess == pytest.approx(2.0 * expected, rel=rel, abs=1e-12)
    assert mean_excess(np.zeros(1), np.zeros(1))[0] == 0.0


def test_unresolved_charge_falls_with_the_square_of_the_size():
    model = dilute_cell(layered(0.04, rows=2))
    shares = []
    for _ in range(2):
        estimate = goal_estimate(model.equilibrium(), ContactCharge("left"))
        assert estimate.resolution is not None
        assert estimate.resolution.edges.sum() == pytest.approx(estimate.unresolved)
        assert estimate.trusted
        shares.append(estimate.unresolved)
        model = on_refined(model, refine_uniformly(model.mesh))
    assert 3.5 < shares[0] / shares[1] < 4.5


def test_a_mesh_with_all_ions_at_its_wall_nodes_is_not_trusted():
    """The estimate there is a fifth of the error, and would stay so for many steps."""
    estimate = goal_estimate(coarse().equilibrium(), ContactCharge("left"))
    assert off(estimate, SIDE / 4) > 0.02
    assert estimate.relative < 0.005
    assert estimate.unresolved > 0.5
    assert not estimate.trusted


def test_loop_does_not_call_unresolved_layers_reached():
    """It said so after 240 nodes, with an error of 1.4 % for a tolerance of 0.1 %."""
    result = adapt(coarse(), ContactCharge("left"), tolerance=1e-3, correct=True, max_nodes=600)
    assert not result.reached
    assert "not resolved" in str(result)
    assert not result.history[0].trusted


def test_loop_resolves_thin_layers_steadily_and_reaches_what_it_says():
    """From elements of 3 nm; the error falls in every step, the estimate becomes exact."""
    result = adapt(coarse(), ContactCharge("left"), tolerance=1e-3, correct=True)
    exact = EXACT * SIDE / 4
    assert result.reached
    assert result.value == pytest.approx(exact, rel=5e-4)
    assert len(result.history) < 15
    errors = np.array([abs(row.value / exact - 1.0) for row in result.history])
    assert (np.diff(errors) < 0.0).all()
    corrected = np.array([abs(row.corrected / exact - 1.0) for row in result.history])
    assert (np.diff(corrected) < 0.0).all()
    last = result.history[-1]
    assert last.trusted
    assert 0.85 < last.error / (exact - last.value) < 1.1


def test_loop_by_the_value_counts_the_doubt_of_the_estimate():
    """The estimate and its change together are within the tolerance, so the value is."""
    model = dilute_cell(strip(graded(SIDE, 0.08 * NM, 1.5, 4 * NM, fine="both"), SIDE))
    result = adapt(model, ContactCharge("left"), tolerance=1e-3)
    assert result.reached
    assert off(result.estimate, SIDE) < 1e-3


def step(nodes, value, error, unresolved):
    return AdaptiveStep(nodes, 2 * nodes, value, error, 5, 0.1, unresolved)


@pytest.mark.parametrize(
    ("steps", "correct", "reached"),
    [
        # corrected values 1.0006 and 1.0008: 0.0006 and a change of 0.0002
        ([step(100, 1.0, 6e-4, 0.05), step(200, 1.0002, 6e-4, 0.05)], False, True),
        # 0.0009 and a change of 0.0002 are too much together
        ([step(100, 1.0, 9e-4, 0.05), step(200, 1.0002, 9e-4, 0.05)], False, False),
        ([step(100, 1.0, 4e-3, 0.05), step(200, 1.0002, 4e-3, 0.05)], True, True),
        # nothing to compare with: the mesh before does not resolve the charges, or is too similar
        ([step(100, 1.0, 6e-4, 0.5), step(200, 1.0002, 6e-4, 0.05)], False, False),
        ([step(100, 1.0, 4e-3, 0.5), step(200, 1.0002, 4e-3, 0.05)], True, False),
        ([step(100, 1.0, 4e-3, 0.05), step(140, 1.0002, 4e-3, 0.05)], True, False),
        # the mesh itself does not resolve them
        ([step(100, 1.0, 6e-4, 0.05), step(200, 1.0002, 6e-4, 0.5)], False, False),
    ],
)
def test_reached_needs_two_resolved_meshes_that_agree(steps, correct, reached):
    last = steps[-1]
    edges = np.array([last.unresolved])
    estimate = Estimate(
        "charge", "C/m", last.value, last.error, np.ones(1), resolution=Resolution(edges[0], edges)
    )
    assert (_end(estimate, 1e-3, correct, steps, 40) == "reached") is reached


def test_equal_parts_are_marked_together():
    """So that a row is not cut in the middle only because of rounding."""
    marks = bulk_marks(np.array([1.0, 1.0 + 1e-12, 1.0 - 1e-12, 0.5]), 0.4)
    assert marks.tolist() == [True, True, True, False]
