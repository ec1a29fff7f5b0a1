"""Poling, what it leaves, and fixed polarizations that are switched on little by little."""

import numpy as np
import pytest
from approx import relative
from films import COERCIVE, MILLER, POLYNOMIAL, SPONTANEOUS, THICKNESS, UNIAXIAL, T, film
from models import NM, conductor
from scipy.constants import epsilon_0

from pyscl import (
    Conserved,
    ConvergenceError,
    Flexoelectric,
    InputError,
    Material,
    Model,
    Piezoelectric,
    PotentialContact,
    Remanent,
    ReservoirContact,
    SolverOptions,
    UniformPolarization,
)
from pyscl.mesh import strip
from pyscl.study.poling import mean_polarization, polar_regions, pole, switched_on

AGAINST = UniformPolarization(angle=180.0)


def test_a_poled_film_keeps_the_spontaneous_polarization():
    above = f"{1.2 * COERCIVE * THICKNESS} V"
    state = film().poled({"left": above}, polarization=AGAINST)
    assert state.bias == {"left": 0.0}
    assert mean_polarization(state, "film") == pytest.approx([SPONTANEOUS, 0.0], rel=1e-8)


def test_a_voltage_below_the_coercive_one_poles_nothing():
    state = film().poled({"left": 0.9 * COERCIVE * THICKNESS}, polarization=AGAINST)
    assert mean_polarization(state, "film")[0] == relative(-SPONTANEOUS, 1e-8)


def test_the_report_tells_what_remains():
    poling = pole(film(), {"right": -1.2 * COERCIVE * THICKNESS}, steps=4, polarization=AGAINST)
    before, poled, remanent = poling.polarization("film").values()
    assert before[0] == relative(-SPONTANEOUS, 1e-8)
    field = 1.2 * COERCIVE
    under = POLYNOMIAL.branch(field) + epsilon_0 * (UNIAXIAL.linear_permittivity - 1.0) * field
    assert poled[0] == relative(under, 1e-8)
    numbers = poling.to_dict()["regions"]["film"]
    assert numbers["remanent polarization [C/m^2]"] == remanent.tolist()
    assert numbers["share that remains"] == relative(SPONTANEOUS / under, 1e-8)
    assert poling.poled.bias == {"right": pytest.approx(-1.2 * COERCIVE * THICKNESS)}
    assert poling.steps > 8
    assert poling.iterations > poling.steps


def test_a_poled_hysteresis_remembers_and_goes_on_from_its_state():
    model = film(MILLER)
    poled = model.poled({"left": 10 * MILLER.coercive_field * THICKNESS})
    assert mean_polarization(poled, "film")[0] == relative(0.2, 1e-3)
    again = model.poled({"left": -1e-3}, start=poled)  # far below the coercive voltage
    assert mean_polarization(again, "film")[0] == relative(0.2, 1e-2)


def test_voltages_come_on_top_of_those_of_the_start():
    model = film(MILLER)
    start = model.steady({"left": "0.1 V"})
    assert pole(model, {"right": 0.5}, steps=2, start=start).poled.bias == {
        "left": pytest.approx(0.1),
        "right": pytest.approx(0.5),
    }


def test_a_poled_state_serves_transport_and_impedance():
    li = conductor(1 * NM, 20.0, 0.3)
    mesh = strip(np.linspace(0, 12, 13) * NM, 2 * NM, 1, [("a", 4 * NM), ("grain", 8 * NM),
                                                         ("b", 12 * NM)])  # fmt: skip
    materials = {"a": li, "b": li, "grain": Material(polarization=MILLER, carriers=li.carriers)}
    contacts = {
        side: ReservoirContact(carrier="Li", potential="neutral") for side in ("left", "right")
    }
    model = Model(mesh, materials, contacts=contacts, temperature=T)
    poled = model.poled({"left": "2 V"})
    remanent = mean_polarization(poled, "grain")[0]
    assert remanent > 0.01
    steady = model.steady({"left": "1 mV"}, poled)
    assert steady.contact("left").current > 0.0
    assert mean_polarization(steady, "grain")[0] == relative(remanent, 0.01)
    assert np.isfinite(poled.impedance([1e3], contact="left").impedance).all()


@pytest.mark.parametrize(
    ("law", "voltages", "arguments", "message"),
    [
        (None, {"left": 1.0}, {}, "no region can be poled"),
        (MILLER, {"left": 0.0}, {}, "a voltage other than 0"),
        (MILLER, {}, {}, "a voltage other than 0"),
        (MILLER, {"lef": 1.0}, {}, "Did you mean 'left'"),
        (MILLER, {"left": 1.0}, {"steps": 0}, "one step or more, not 0"),
    ],
)
def test_what_cannot_be_poled_is_refused(law, voltages, arguments, message):
    model = film(MILLER)
    if law is None:
        model = model.with_(materials={"film": Material(relative_permittivity=10.0)})
    with pytest.raises(InputError, match=message):
        model.poled(voltages, **arguments)


# --- fixed polarization ------------------------------------------------------------------------

FIXED = {
    "remanent": Remanent(polarization=1e-2, relative_permittivity=50.0),
    "piezo": Piezoelectric(coefficient=1e-10, stress=1e8, relative_permittivity=50.0),
    "flexo": Flexoelectric(coefficient=1e-8, strain_gradient=1e6, relative_permittivity=50.0),
}


def screened(law, **model):
    """Return a grain with a fixed polarization between two electrolytes."""
    li = conductor(0.6 * NM, 20.0, 0.3)
    x = np.concatenate(
        [np.linspace(0, 4, 21), np.linspace(4, 8, 5)[1:], np.linspace(8, 12, 21)[1:]]
    )
    regions = [("a", 4 * NM), ("grain", 8 * NM), ("b", 12 * NM)]
    mesh = strip(x * NM, 1 * NM, 1, regions)
    contacts = {side: PotentialContact(potential=0.0) for side in ("left", "right")}
    materials = {"a": li, "grain": Material(polarization=law), "b": li}
    held = [Conserved(carrier="Li", regions=(name,)) for name in ("a", "b")]
    return Model(mesh, materials, contacts=contacts, conserved=held, temperature=T, **model)


@pytest.mark.parametrize("name", FIXED)
def test_the_amplitude_scales_every_fixed_polarization(name):
    model = screened(FIXED[name], fixed_polarization={"grain": (0.0, 4e-3)})
    half = model.with_polarization_amplitude(0.5)
    expected = model.discretized.fixed_polarization
    assert np.abs(expected).max() == relative(1e-2, 1e-12)
    np.testing.assert_allclose(half.discretized.fixed_polarization, 0.5 * expected, rtol=1e-12)
    assert model.materials["grain"].polarization == FIXED[name]


def test_switching_on_ends_at_the_equilibrium():
    model = screened(FIXED["remanent"])
    np.testing.assert_allclose(
        switched_on(model).potential, model.equilibrium().potential, rtol=1e-8, atol=1e-9
    )


def test_switching_on_goes_in_steps_where_the_full_amplitude_fails(monkeypatch):
    model, shares = screened(FIXED["remanent"]), []
    reference, equilibrium = model.equilibrium(), Model.equilibrium

    def shy(self, start=None, **arguments):
        share = self.materials["grain"].polarization.polarization / 1e-2
        near = start is None or abs(share - reached(start)) < 0.3
        shares.append((round(share, 6), near))
        if not near:
            raise ConvergenceError("too far")
        return equilibrium(self, start, **arguments)

    def reached(state):
        return state.model.materials["grain"].polarization.polarization / 1e-2

    monkeypatch.setattr(Model, "equilibrium", shy)
    state = switched_on(model)
    assert state.model is model
    np.testing.assert_allclose(state.potential, reference.potential, rtol=1e-7, atol=1e-9)
    assert shares[:3] == [(0.0, True), (1.0, False), (0.25, True)]
    assert shares[-1] == (1.0, True)


def test_a_failure_names_the_share_and_keeps_the_last_state(monkeypatch):
    model, equilibrium = screened(FIXED["remanent"]), Model.equilibrium

    def limited(self, start=None, **arguments):
        if self.materials["grain"].polarization.polarization > 0.6e-2:
            raise ConvergenceError("cannot be screened", history="history")
        return equilibrium(self, start, **arguments)

    monkeypatch.setattr(Model, "equilibrium", limited)
    with pytest.raises(
        ConvergenceError, match=r"raised to (59\.\d|60) % of its amplitude"
    ) as caught:
        switched_on(model)
    last = caught.value.last_good
    assert 0.59e-2 < last.model.materials["grain"].polarization.polarization <= 0.6e-2
    assert caught.value.history == "history"


def test_nothing_to_switch_on_is_refused():
    with pytest.raises(InputError, match="no fixed polarization to switch on"):
        switched_on(film())
    with pytest.raises(InputError, match="must be a number, not nan"):
        film().with_polarization_amplitude(np.nan)
    with pytest.raises(InputError, match="cannot be negative"):
        screened(FIXED["remanent"]).with_polarization_amplitude(-1.0)


def test_options_reach_the_solver():
    with pytest.raises(ConvergenceError):
        switched_on(screened(FIXED["remanent"]), options=SolverOptions(max_iterations=1))


def test_regions_with_a_polarization_are_named():
    assert polar_regions(film()) == ["film"]
    model = screened(FIXED["flexo"], fixed_polarization={"a": (1e-3, 0.0)})
    assert polar_regions(model) == ["a", "grain"]
