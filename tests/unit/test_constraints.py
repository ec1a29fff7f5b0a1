"""The affine map u = T z + g: fixed dofs, ties with offsets, and their contradictions."""

import numpy as np
import pytest
from tiny import constrain, discretize, line, scrambled

from pyscl import _core


@pytest.fixture
def strip():
    """Return a discretisation of 10 nodes without carriers: 10 dofs."""
    points, triangles = line(np.arange(5.0))
    law = _core.RegionLaw(1.0, [])
    return discretize(points, triangles, np.zeros(8, np.int32), [law], 0)


def test_without_constraints_every_dof_is_free(strip, rng):
    c = constrain(strip)
    u = rng.normal(size=10)
    assert c.n_free == 10
    assert np.array_equal(c.expand(c.restrict_state(u)), u)


def test_fixed_dofs_keep_their_value(strip, rng):
    c = constrain(strip, {0: 3.5, 7: -1.0})
    assert c.n_free == 8
    assert c.free_of_dof[[0, 7]].tolist() == [-1, -1]
    u = c.expand(rng.normal(size=8))
    assert u[[0, 7]].tolist() == [3.5, -1.0]


def test_chains_of_ties_add_their_offsets(strip):
    """u3 = u1 + 1, u5 = u3 - 4, u9 = u5 + 0.5, given in an order that does not follow the chain."""
    c = constrain(strip, ties=[(5, 9), (1, 3), (3, 5)], offsets=[0.5, 1.0, -4.0])
    assert c.n_free == 7
    assert len({c.free_of_dof[k] for k in (1, 3, 5, 9)}) == 1
    u = c.expand(np.arange(7.0))
    assert u[[3, 5, 9]] - u[1] == pytest.approx([1.0, -3.0, -2.5], abs=1e-15)


def test_a_fixed_end_fixes_the_whole_chain(strip):
    c = constrain(strip, {9: 10.0}, [(5, 9), (3, 5)], [0.5, -4.0])
    assert c.free_of_dof[[3, 5, 9]].tolist() == [-1, -1, -1]
    assert c.expand(np.zeros(c.n_free))[[3, 5, 9]] == pytest.approx([13.5, 9.5, 10.0], abs=1e-14)


def test_ties_that_close_a_loop_consistently_are_accepted(strip):
    c = constrain(strip, ties=[(0, 1), (1, 2), (2, 0)], offsets=[1.0, 2.0, -3.0])
    assert c.n_free == 8


def test_contradictory_ties_are_refused(strip):
    with pytest.raises(ValueError, match="ties contradict each other at dof 0"):
        constrain(strip, ties=[(0, 1), (1, 2), (2, 0)], offsets=[1.0, 2.0, -2.9])


def test_contradictory_values_are_refused(strip):
    with pytest.raises(ValueError, match="dof 4 is fixed to two different values"):
        constrain(strip, {2: 1.0, 4: 1.0}, [(2, 4)], [1.0])
    assert constrain(strip, {2: 1.0, 4: 2.0}, [(2, 4)], [1.0]).n_free == 8


def test_random_constraints_survive_the_round_trip(rng):
    """Restrict(expand(z)) = z, expand meets every constraint, over random forests of ties."""
    points, triangles, region = scrambled(rng)
    d = discretize(points, triangles, region, [_core.RegionLaw(1.0, [])] * 2, 0)
    for _ in range(50):
        level = rng.normal(size=d.n_dofs)  # any consistent set follows from levels
        ties = rng.integers(0, d.n_dofs, (20, 2))
        fixed = {int(k): level[k] for k in rng.integers(0, d.n_dofs, 3)}
        c = constrain(d, fixed, ties, level[ties[:, 1]] - level[ties[:, 0]])
        z = rng.normal(size=c.n_free)
        u = c.expand(z)
        assert c.restrict_state(u) == pytest.approx(z, abs=1e-14)
        assert c.restrict_state(level) == pytest.approx(
            c.restrict_state(c.expand(c.restrict_state(level))), abs=1e-14
        )
        assert u[ties[:, 1]] - u[ties[:, 0]] == pytest.approx(
            level[ties[:, 1]] - level[ties[:, 0]], abs=1e-13
        )
        assert u[list(fixed)] == pytest.approx(list(fixed.values()), abs=1e-13)
        assert c.expand(c.restrict_state(level)) == pytest.approx(level, abs=1e-13)


def test_free_unknowns_follow_the_node_order(rng):
    """The potential of a node comes right before its electrochemical potentials."""
    points, triangles = line(np.arange(4.0))
    mobility, statistics = _core.Mobility.vacancy, _core.LatticeGas()
    law = _core.CarrierLaw(0, 1.0, 1.0, 0.0, 1.0, mobility, statistics)
    region = np.zeros(len(triangles), np.int32)
    d = discretize(points, triangles, region, [_core.RegionLaw(1.0, [law])])
    free = constrain(d).free_of_dof
    for node in range(d.n_nodes):
        assert free[node] == 2 * node
        assert free[d.n_nodes + np.flatnonzero(d.dof_node[d.n_nodes :] == node)] == 2 * node + 1


def test_lists_of_different_length_are_refused(strip):
    empty = np.empty((0, 2), np.int32)
    with pytest.raises(ValueError, match="differ in number"):
        _core.Constraints(
            strip, np.zeros(2, np.int32), np.zeros(1), empty, np.zeros(0), np.zeros(0)
        )
    with pytest.raises(ValueError, match="differ in number"):
        _core.Constraints(
            strip, np.zeros(0, np.int32), np.zeros(0), empty, np.zeros(0), np.zeros(1)
        )
    c = constrain(strip, {0: 0.0})
    with pytest.raises(ValueError, match="8 values, expected 9"):
        c.expand(np.zeros(8))
    with pytest.raises(ValueError, match="9 values, expected 10"):
        c.restrict_state(np.zeros(9))
    with pytest.raises(ValueError, match="dof -1 of 10"):
        constrain(strip, {-1: 0.0})
    with pytest.raises(ValueError, match="dof 10 of 10"):
        constrain(strip, ties=[(0, 10)], offsets=[0.0])
