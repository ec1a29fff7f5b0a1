"""Geometry of the elements, patch tests, and where unknowns are shared, doubled or absent."""

import numpy as np
import pytest
from approx import relative
from tiny import (
    AXISYMMETRIC,
    PLANAR,
    constrain,
    control,
    discretize,
    equilibrium_assembly,
    line,
    mu_at,
    rank,
    scrambled,
    signed_areas,
    steady_assembly,
)

from pyscl import _core


def carrier(number=0):
    mobility, statistics = _core.Mobility.vacancy, _core.LatticeGas()
    return _core.CarrierLaw(number, 1.0, 1.0, 0.0, 1.0, mobility, statistics)


EMPTY = _core.RegionLaw(1.0, [])
HOST = _core.RegionLaw(1.0, [carrier()])


def one_region(points, triangles, law=EMPTY, coordinates=PLANAR, **kwargs):
    region = np.zeros(len(triangles), np.int32)
    n_carriers = kwargs.pop("n_carriers", 1)
    return discretize(points, triangles, region, [law], n_carriers, coordinates, **kwargs)


def gradients(points, triangles):
    """Return the gradients of the barycentric coordinates, (m, 3, 2)."""
    corner = points[triangles]
    edges = np.stack([corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]], axis=1)
    inverse = np.linalg.inv(edges)  # columns are the gradients of the second and third
    return np.stack([-inverse.sum(axis=2), inverse[:, :, 0], inverse[:, :, 1]], axis=1)


# Geometry.


@pytest.mark.parametrize("coordinates", [PLANAR, AXISYMMETRIC])
def test_weights_are_integrals_of_the_gradients(coordinates, rng):
    """w_ij = -int grad l_i . grad l_j, opposite vertex e; times 2 pi r when axisymmetric."""
    points, triangles, _ = scrambled(rng)
    weights, volumes = _core.edge_weights(points, triangles, coordinates)
    area, g = signed_areas(points, triangles), gradients(points, triangles)
    measure = area.copy()
    radius = 2.0 * np.pi * points[triangles, 0]
    if coordinates == AXISYMMETRIC:
        measure *= radius.mean(axis=1)
    for e in range(3):
        dot = (g[:, (e + 1) % 3] * g[:, (e + 2) % 3]).sum(axis=1)
        assert weights[:, e] == pytest.approx(-measure * dot, rel=1e-11, abs=1e-13)
        share = area / 3.0
        if coordinates == AXISYMMETRIC:
            share = area * (2.0 * radius[:, e] + radius.sum(axis=1) - radius[:, e]) / 12.0
        assert volumes[:, e] == relative(share, 1e-13)


def test_a_right_triangle_has_the_weights_of_the_definition():
    """Cot / 2 of the opposite angles: 45, 45 and 90 degrees."""
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    weights, volumes = _core.edge_weights(points, np.array([[0, 1, 2]], np.int32), PLANAR)
    assert weights[0] == pytest.approx([0.0, 0.5, 0.5], abs=1e-16)
    assert volumes[0] == pytest.approx([1 / 6] * 3)


def test_site_volumes_fill_the_plane(rng):
    points, triangles, region = scrambled(rng, lx=3.0, ly=2.0)
    d = discretize(points, triangles, region, [HOST, EMPTY])
    assert d.site_volume.sum() == relative(6.0, 1e-14)
    for r in (0, 1):
        assert d.site_volume[d.site_region == r].sum() == relative(3.0, 1e-14)


def test_site_volumes_fill_cylinder_and_cone(rng):
    """Linear elements integrate 2 pi r exactly: pi R^2 H and pi R^2 H / 3."""
    points, triangles, region = scrambled(rng, lx=3.0, ly=2.0)
    d = discretize(points, triangles, region, [HOST, EMPTY], coordinates=AXISYMMETRIC)
    assert d.site_volume.sum() == relative(np.pi * 9.0 * 2.0, 1e-14)
    shell = np.pi * (9.0 - 1.5**2) * 2.0
    assert d.site_volume[d.site_region == 1].sum() == relative(shell, 1e-14)

    cone = np.array([[0.0, 0.0], [1.5, 0.0], [0.0, 4.0], [0.75, 2.0], [0.5, 1.0]])
    parts = np.array([[0, 1, 4], [1, 3, 4], [3, 2, 4], [2, 0, 4]], np.int32)
    d = one_region(cone, parts, coordinates=AXISYMMETRIC)
    assert d.site_volume.sum() == relative(np.pi * 1.5**2 * 4.0 / 3.0, 1e-14)


# Patch tests.


def solve_poisson(d, boundary_values):
    assembly = equilibrium_assembly(d, boundary_values)
    start = np.zeros(d.n_dofs)
    result = _core.NewtonIteration(rank(d)).solve(assembly, start, control(), None)
    assert result.converged
    return result.u[: d.n_nodes], assembly.rows(result.u)[: d.n_nodes]


def on_boundary(points):
    low, high = points.min(axis=0), points.max(axis=0)
    return np.flatnonzero(((points == low) | (points == high)).any(axis=1))


def test_linear_potential_is_reproduced_on_any_mesh(rng):
    points, triangles, _ = scrambled(rng)
    exact = points @ [0.3, -1.1] + 0.7
    boundary = on_boundary(points)
    phi, _ = solve_poisson(
        one_region(points, triangles), dict(zip(boundary, exact[boundary], strict=True))
    )
    assert phi == pytest.approx(exact, abs=1e-13)


@pytest.mark.parametrize("coordinates", [PLANAR, AXISYMMETRIC])
def test_two_dielectrics_in_series_share_the_displacement(coordinates, rng):
    """Eps E is continuous: exact on any mesh that follows the interface."""
    points, triangles, region = scrambled(rng, lx=2.0, ly=3.0)
    if coordinates == AXISYMMETRIC:  # layers along z
        points = np.ascontiguousarray(points[:, ::-1] * [1.0, -1.0])
        along = -points[:, 1]
    else:
        along = points[:, 0]
    eps = (2.0, 50.0)
    laws = [_core.RegionLaw(e, []) for e in eps]
    d = discretize(points, triangles, region, laws, 0, coordinates)
    displacement = 1.0 / (1.0 / eps[0] + 1.0 / eps[1])
    exact = displacement * (np.minimum(along, 1.0) / eps[0] + np.maximum(along - 1.0, 0.0) / eps[1])
    first, last = np.flatnonzero(along == 0.0), np.flatnonzero(along == 2.0)
    phi, rows = solve_poisson(d, dict.fromkeys(first, 0.0) | dict.fromkeys(last, 1.0))
    assert phi == pytest.approx(exact, abs=1e-13)
    cross_section = np.pi * 9.0 if coordinates == AXISYMMETRIC else 3.0
    assert rows[first].sum() == relative(-displacement * cross_section, 1e-12)
    assert rows[last].sum() == relative(displacement * cross_section, 1e-12)


def test_linear_potential_along_the_axis_is_exact_in_the_round(rng):
    """Phi = z, with the axis r = 0 in the mesh: every inner row vanishes."""
    points, triangles, _ = scrambled(rng)
    d = one_region(points, triangles, _core.RegionLaw(1.0, []), AXISYMMETRIC)
    rows = steady_assembly(d).rows(points[:, 1].copy())
    free = (points[:, 1] > 0.0) & (points[:, 1] < 2.0)
    assert rows[free] == pytest.approx(0.0, abs=1e-12)
    assert rows[points[:, 1] == 2.0].sum() == relative(np.pi * 9.0, 1e-13)


def test_fixed_charges_enter_gauss_law(rng):
    """Phi rows sum to minus the charge: background times volume, plus charge on the nodes."""
    points, triangles, region = scrambled(rng)
    d = discretize(points, triangles, region, [EMPTY, EMPTY], 0)
    background, node_charge = rng.normal(size=d.n_sites), rng.normal(size=d.n_nodes)
    d.set_fixed_charge(background, node_charge)
    rows = steady_assembly(d).rows(rng.normal(size=d.n_dofs))
    assert rows.sum() == relative(-(d.site_volume @ background) - node_charge.sum(), 1e-12)


# Unknowns.


def test_mu_is_shared_at_interfaces_and_sites_are_not():
    points, triangles = line([0.0, 1.0, 2.0])
    region = np.array([0, 0, 1, 1], np.int32)
    d = discretize(points, triangles, region, [HOST, HOST])
    assert d.n_dofs == 6 + 6
    assert d.n_sites == 8  # the two nodes of the interface are seen from both regions
    assert np.array_equal(np.sort(d.dof_node[6:]), np.arange(6))
    assert d.dof_carrier.tolist() == [-1] * 6 + [0] * 6
    for node in (2, 3):
        sites = np.flatnonzero(d.site_node == node)
        assert d.site_region[sites].tolist() == [0, 1]
        assert len(np.unique(d.site_dofs[sites, 0])) == 1


def test_carriers_have_no_unknowns_where_they_do_not_live():
    points, triangles = line([0.0, 1.0, 2.0])
    region = np.array([0, 0, 1, 1], np.int32)
    laws = [_core.RegionLaw(1.0, [carrier(0), carrier(1)]), _core.RegionLaw(1.0, [carrier(1)])]
    d = discretize(points, triangles, region, laws, 2)
    assert d.n_dofs == 6 + 4 + 6
    assert np.sort(d.dof_node[d.dof_carrier == 0]).tolist() == [0, 1, 2, 3]
    assert (d.site_dofs[d.site_region == 1, 0] == -1).all()
    assert np.isnan(d.site_fractions(0, np.zeros(d.n_dofs))[0][d.site_region == 1]).all()
    assert d.site_fractions(1, np.zeros(d.n_dofs))[0] == pytest.approx(0.5)


def test_a_blocked_line_through_the_mesh_doubles_its_nodes(rng):
    points, triangles, region = scrambled(rng)
    wall = np.flatnonzero(points[:, 0] == 1.5).astype(np.int32)
    wall = wall[np.argsort(points[wall, 1])]
    facets = np.column_stack([wall[:-1], wall[1:]])
    d = discretize(points, triangles, region, [HOST, HOST], blocked=[(0, facets[:, ::-1].copy())])
    assert d.n_dofs == 2 * d.n_nodes + len(wall)
    # No flux crosses: mu that differs only between the two sides is in balance.
    u = np.zeros(d.n_dofs)
    for r, level in ((0, 1.0), (1, -2.0)):
        u[np.unique(d.site_dofs[d.site_region == r, 0])] = level
    assert (steady_assembly(d).rows(u)[d.n_nodes :] == 0.0).all()


def test_the_end_of_a_blocked_line_inside_the_domain_stays_single(rng):
    points, triangles, _ = scrambled(rng)
    wall = np.flatnonzero(points[:, 0] == 1.5).astype(np.int32)
    wall = wall[np.argsort(points[wall, 1])][1:-1]  # both ends inside
    facets = np.column_stack([wall[:-1], wall[1:]])
    d = one_region(points, triangles, HOST, blocked=[(0, facets)])
    copies = np.bincount(d.dof_node[d.n_nodes :], minlength=d.n_nodes)
    assert (copies[wall[1:-1]] == 2).all()
    assert copies.sum() == d.n_nodes + len(wall) - 2
    assert d.n_sites == d.n_nodes + len(wall) - 2  # one region, but two sides


def test_only_the_named_carrier_is_blocked():
    points, triangles = line([0.0, 1.0, 2.0])
    law = _core.RegionLaw(1.0, [carrier(0), carrier(1)])
    facets = np.array([[2, 3]], np.int32)
    d = one_region(points, triangles, law, n_carriers=2, blocked=[(1, facets)])
    assert np.bincount(d.dof_carrier + 1).tolist() == [6, 6, 8]


def test_grains_that_touch_in_one_point_do_not_exchange_carriers():
    """Two triangles of the host meet in node 2 only; the rest is without carriers."""
    points = np.array([[-1.0, -1.0], [-1.0, 1.0], [0.0, 0.0], [1.0, 1.0], [1.0, -1.0]])
    triangles = np.array([[0, 2, 1], [2, 4, 3], [0, 4, 2], [2, 3, 1]], np.int32)
    region = np.array([0, 0, 1, 1], np.int32)
    d = discretize(points, triangles, region, [HOST, EMPTY])
    assert len(mu_at(d, [2])) == 2
    assert d.n_dofs == 5 + 6
    sites = d.triangle_sites
    assert sites[0][1] != sites[1][0]  # two sites at node 2 ...
    assert d.site_node[sites[0][1]] == d.site_node[sites[1][0]] == 2
    assert sites[2][2] == sites[3][0]  # ... but one potential, and one site of the other region


def test_triangle_sites_name_their_nodes_and_regions(rng):
    points, triangles, region = scrambled(rng)
    d = discretize(points, triangles, region, [HOST, EMPTY])
    assert np.array_equal(d.site_node[d.triangle_sites], triangles)
    assert (d.site_region[d.triangle_sites] == region[:, None]).all()
    dofs = d.site_dofs[d.triangle_sites, 0][region == 0]
    assert np.array_equal(d.dof_node[dofs], triangles[region == 0])


def test_neutral_potential_makes_every_site_neutral(rng):
    """In one region: sum z c y + background = 0; nodes without carriers keep their value."""
    points, triangles, region = scrambled(rng)
    d = discretize(points, triangles, region, [HOST, EMPTY])
    y = rng.uniform(1e-3, 0.999, d.n_sites)
    y[np.isin(d.site_node, d.site_node[d.site_region == 1])] = 0.5
    d.set_fixed_charge(np.where(d.site_region == 0, -y, 0.0), np.zeros(d.n_nodes))
    u = rng.uniform(-30.0, 30.0, d.n_dofs)
    v = d.neutral_potential(u)
    assert np.array_equal(v[d.n_nodes :], u[d.n_nodes :])
    host = d.site_region == 0
    assert d.site_fractions(0, v)[0][host] == pytest.approx(y[host], abs=1e-6)
    outside = np.setdiff1d(np.arange(d.n_nodes), d.site_node[host])
    assert np.array_equal(v[outside], u[outside])


# Wrong data.

POINTS, TRIANGLES = line([0.0, 1.0])
REGION = np.zeros(2, np.int32)


@pytest.mark.parametrize(
    ("points", "triangles", "region"),
    [
        (POINTS.astype(np.float32), TRIANGLES, REGION),
        (POINTS, TRIANGLES.astype(np.int64), REGION),
        (POINTS, TRIANGLES, REGION.astype(float)),
        (np.asfortranarray(POINTS), TRIANGLES, REGION),
        (POINTS.tolist(), TRIANGLES, REGION),
    ],
    ids=["float32 points", "int64 triangles", "float regions", "fortran order", "lists"],
)
def test_arrays_of_another_type_are_refused(points, triangles, region):
    """No silent copies: exact dtype and C order."""
    with pytest.raises(TypeError):
        discretize(points, triangles, region, [EMPTY])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": np.zeros((4, 3))}, r"points must have shape \(n, 2\)"),
        ({"triangles": np.zeros((2, 4), np.int32)}, r"triangles must have shape \(n, 3\)"),
        ({"triangles": TRIANGLES + np.int32(2)}, r"triangle 0 names node 4 of 4|node 5 of 4"),
        ({"triangles": TRIANGLES - np.int32(1)}, "names node -1"),
        ({"region": np.zeros(3, np.int32)}, "one region number per triangle"),
        ({"region": np.array([0, 1], np.int32)}, "triangle 1 has no region law"),
        ({"region": np.array([0, -1], np.int32)}, "triangle 1 has no region law"),
        ({"laws": [_core.RegionLaw(1.0, [carrier(1)])]}, "below n_carriers"),
        ({"laws": [_core.RegionLaw(1.0, [carrier(-1)])]}, "below n_carriers"),
        ({"laws": [_core.RegionLaw(1.0, [carrier(0), carrier(0)])]}, "must ascend"),
        ({"blocked": [(0, np.zeros((2, 3), np.int32))]}, "split facets must have shape"),
    ],
)
def test_data_that_do_not_fit_together_are_refused(change, words):
    data = {"points": POINTS, "triangles": TRIANGLES, "region": REGION, "laws": [HOST]} | change
    with pytest.raises(ValueError, match=words):
        discretize(**data)


def test_an_edge_of_three_triangles_is_refused():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0], [0.5, 2.0], [0.5, -1.0]])
    triangles = np.array([[0, 1, 2], [0, 1, 3], [1, 0, 4]], np.int32)
    with pytest.raises(ValueError, match="three triangles"):
        one_region(points, triangles)


def test_states_and_charges_of_the_wrong_length_are_refused():
    d = one_region(POINTS, TRIANGLES, HOST)
    assembly = steady_assembly(d)
    short = np.zeros(d.n_dofs - 1)
    for call in (
        assembly.rows,
        assembly.residual,
        assembly.residual_and_jacobian,
        d.neutral_potential,
        lambda u: d.site_fractions(0, u),
        lambda u: d.flux_density(0, u),
        lambda u: _core.NewtonIteration(rank(d)).solve(assembly, u, control(), None),
    ):
        with pytest.raises(ValueError, match=f"{d.n_dofs - 1} values, expected {d.n_dofs}"):
            call(short)
    with pytest.raises(ValueError, match="one entry per node"):
        _core.NewtonIteration(np.zeros(1, np.int32)).solve(
            assembly, np.zeros(d.n_dofs), control(), None
        )
    with pytest.raises(ValueError, match="one value per site"):
        d.set_fixed_charge(np.zeros(d.n_sites + 1), np.zeros(d.n_nodes))
    with pytest.raises(ValueError, match="of 8"):
        constrain(d, {8: 0.0})
