"""The self-test registry: its cases pass, its results are complete, its failures show."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from pyscl.errors import ConvergenceError, InputError
from pyscl.verification import CASES, CaseResult, run_cases
from pyscl.verification.meshes import disc_in_cell, layer_grid, sector, share_side, two_sided
from pyscl.verification.norms import field_error, l2_error, observed_orders
from pyscl.verification.registry import Case, run_case


@pytest.mark.parametrize("name", CASES)
def test_case_passes(name):
    """Every case shall reach its tolerance, with some room, and quickly."""
    (result,) = run_cases([name])
    assert result.passed, result
    assert result.error <= result.tolerance
    assert result.seconds < 5.0


def test_registry_covers_layers_transport_and_two_dimensions():
    """The self-test shall have cases of equilibrium, transport, time, frequency and 2D."""
    assert len(CASES) >= 20
    modules = {case.compute.__module__.rsplit(".", 1)[1] for case in CASES.values()}
    assert modules == {
        "impedance", "layers", "polarization", "transients", "transport", "two_dimensions",
    }  # fmt: skip
    for name, case in CASES.items():
        assert case.name == name
        assert case.description.endswith((".", "0.", ")"))
        assert 0.0 < case.tolerance <= 1e-2


def test_result_has_the_fields_of_the_report():
    """A result shall hold plain numbers and texts, ready for a table or JSON."""
    (result,) = run_cases(["goldman-flux"])
    fields = dataclasses.asdict(result)
    assert {"case", "computed", "exact", "error", "tolerance", "passed", "seconds", "unit"} <= set(
        fields
    )
    assert {type(value) for value in fields.values()} <= {str, float, bool}
    assert result.error == abs(result.computed - result.exact) / abs(result.exact)


def test_unknown_case_is_refused_before_anything_runs():
    """An unknown name shall be refused with the nearest one."""
    with pytest.raises(InputError, match="Did you mean 'goldman-flux'"):
        run_cases(["goldmann-flux"])


@pytest.mark.parametrize(
    ("computed", "passed"),
    [(1.0, True), (1.0009, True), (0.9989, False), (-1.0, False), (np.nan, False)],
)
def test_case_fails_outside_its_tolerance(computed, passed):
    """A value off by more than the tolerance, or not finite, shall fail."""
    result = run_case(Case("case", "One.", "1", 1e-3, lambda: (computed, 1.0)))
    assert isinstance(result, CaseResult)
    assert result.passed is passed


def test_failed_solve_is_a_failed_case():
    """A solver that does not converge shall be a failed case that says why, not a crash."""

    def compute():
        raise ConvergenceError("stopped after 3 iterations")

    result = run_case(Case("case", "One.", "1", 1e-3, compute))
    assert not result.passed
    assert np.isnan(result.computed)
    assert "stopped after 3 iterations" in result.description


def test_self_test_needs_neither_gmsh_nor_pytest():
    """The self-test shall run with what an installed pyscl brings."""
    code = (
        "import sys; from pyscl.verification import run_cases; "
        "assert all(r.passed for r in run_cases(['ohmic-slab', 'screened-sphere'])); "
        "assert not {'gmsh', 'pytest', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


# --- its meshes and norms --------------------------------------------------------------------


def test_sector_has_the_area_and_groups_of_a_sector():
    """A sector shall approach the area of its opening, with all four sides named."""
    ring = sector([1e-9, 2e-9, 4e-9], 0.5, 64, [("a", 2e-9), ("b", 4e-9)])
    assert set(ring.facet_names) == {"inner", "outer", "start", "end"}
    assert ring.areas.min() > 0.0
    for region, exact in (("a", 0.25 * 3e-18), ("b", 0.25 * 12e-18)):
        assert ring.areas[ring.regions_of(region)].sum() == pytest.approx(exact, rel=1e-4)
    assert len(ring.interfaces["a|b"]) == 64


def test_sector_from_the_centre_has_one_tip():
    """A sector from radius 0 shall have one node at the tip and no inner side."""
    disc = sector(np.linspace(0.0, 1e-9, 6), np.pi / 2.0, 8)
    assert disc.facet_names == ("outer", "start", "end")
    assert (np.hypot(*disc.points.T) == 0.0).sum() == 1
    assert disc.areas.min() > 0.0
    assert len(disc.facets_of("start")) == 5
    assert len(disc.boundary) == 5 + 5 + 8


def test_disc_in_cell_is_periodic():
    """The cell shall have the area fraction of its disc and equal nodes on opposite sides."""
    cell = disc_in_cell(0.3, 40, 1e-8)
    assert cell.areas.min() > 0.0
    assert cell.areas.sum() == pytest.approx(1e-16, rel=1e-12)
    assert cell.areas[cell.regions_of("disc")].sum() == pytest.approx(0.3e-16, rel=2e-3)
    ends = [np.sort(cell.points[np.unique(cell.facets_of(s)), 1]) for s in ("left", "right")]
    np.testing.assert_allclose(*ends, atol=1e-20)


def test_grids_start_fine():
    """A layer grid shall start at the wall's step and halve with the refinement."""
    coarse, fine = layer_grid(20e-9, 1e-9, 10.0), layer_grid(20e-9, 1e-9, 20.0)
    assert coarse[1] <= 1e-10
    assert fine[1] / coarse[1] == pytest.approx(0.5, abs=0.05)
    assert len(fine) / len(coarse) == pytest.approx(2.0, abs=0.1)
    both = two_sided(coarse, fine)
    assert np.diff(both).min() > 0.0
    assert np.diff(both).argmin() in (len(coarse) - 2, len(coarse) - 1, len(coarse))


def test_shared_side_is_in_two_groups():
    """A shared side shall have the same facets in both groups."""
    mesh = share_side(disc_in_cell(0.3, 4), "left", "left anion")
    np.testing.assert_array_equal(mesh.facets_of("left"), mesh.facets_of("left anion"))


def test_norms_are_exact_for_linear_functions():
    """A linear function shall have no error; the orders shall be those of the errors."""
    mesh = disc_in_cell(0.3, 4, 1.0)
    x, y = mesh.points.T
    assert l2_error(mesh, 2.0 * x - y, lambda x, y, r: 2.0 * x - y) < 1e-14
    plain = np.tile([1.0, 3.0], (mesh.n_triangles, 1))
    assert field_error(mesh, plain, lambda x, y, r: (0 * x + 1.0, 0 * x + 3.0)) < 1e-14
    assert field_error(mesh, plain, lambda x, y, r: (0 * x, 0 * x + 3.0)) == pytest.approx(1 / 3)
    np.testing.assert_allclose(observed_orders([1.0, -0.25, 0.125]), [2.0, 1.0])
