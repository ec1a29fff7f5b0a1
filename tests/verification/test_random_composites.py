"""T21: the solver takes every random composite in one jump of the bias, from the equilibrium."""

import numpy as np
import pytest
from models import KT, NM, T, conductor
from random_composites import composite

from pyscl import Model, PotentialContact, ReservoirContact
from pyscl.mesh import graded, strip

# In 20, 21 and 368 the coating of a particle conducts 1e-16 times worse than its core (1e-8 by its
# conductivity, the rest by depletion): the level of the core is lost in plain sums of rows.
SEEDS = [*range(42), 368]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_composite_converges_in_bounds_and_in_balance(seed):
    model, bias = composite(seed)
    equilibrium = model.equilibrium()
    solution = model.steady(bias, equilibrium)
    report = (
        f"{model.mesh.n_points} nodes, bias {bias['left'] / KT:.0f} kT/e: equilibrium "
        f"{len(equilibrium.history.iterations)}, steady {len(solution.history.iterations)} "
        f"iterations in {solution.history.bias_steps} steps\n{solution.history}"
    )
    assert len(equilibrium.history.iterations) <= 30, report
    assert solution.history.bias_steps == 1, report
    assert len(solution.history.iterations) <= 60, report
    for state in (equilibrium, solution):
        y, vacancy = state.site_fraction("Li"), state.vacant_fraction("Li")
        here = ~np.isnan(y)
        assert (y[here] > 0.0).all()
        assert (vacancy[here] > 0.0).all()
        assert np.abs(y + vacancy - 1.0)[here].max() < 1e-15
    left, right = (solution.contact(side).current for side in ("left", "right"))
    assert abs(left + right) < 1e-10 * max(abs(left), abs(right)), report
    assert left * bias["left"] > 0.0, report  # the current enters where the voltage is applied


def test_the_generator_is_reproducible_and_covers_its_range():
    """Coatings, pores, BaTiO3, both coordinates, both biases and signs within the first seeds."""
    first, again = composite(3)[0], composite(3)[0]
    assert np.array_equal(first.mesh.points, again.mesh.points)
    assert first.materials == again.materials
    kinds, coordinates, biases = set(), set(), set()
    for seed in SEEDS:
        model, bias = composite(seed)
        kinds |= {name.rstrip(" 0123456789") for name in model.mesh.region_names}
        coordinates.add(model.coordinates)
        biases.add(round(bias["left"] / KT))
    wanted = {"particle", "coated", "coating", "barium_titanate", "pore", "electrolyte"}
    assert kinds == wanted
    assert coordinates == {"planar", "axisymmetric"}
    assert biases == {-100, -39, 39, 100}
    assert len(SEEDS) >= 30


@pytest.mark.parametrize("depletion", [30.0, 39.0, 50.0, 70.0])
def test_a_blocked_layer_takes_the_level_of_a_reservoir_behind_any_depletion(depletion):
    """The reservoir conducts up to exp(-70) times less than the layer; no current, so mu is one."""
    mesh = strip(graded(20 * NM, 0.02 * NM, 1.15, 0.5 * NM, fine="both"))
    model = Model(
        mesh,
        {"electrolyte": conductor()},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": ReservoirContact(carrier="Li", potential=depletion * KT),
        },
        temperature=T,
    )
    solution = model.steady({"right": 0.2})
    assert solution.history.bias_steps == 1
    assert len(solution.history.iterations) <= 60
    level = solution["electrochemical_potential_Li"].values
    np.testing.assert_allclose(level, 0.2, rtol=0.0, atol=1e-13)
