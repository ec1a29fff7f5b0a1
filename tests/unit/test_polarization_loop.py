"""Polarization against voltage: films against Landau's and Miller's loops, inclusions, failures."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from films import (
    COERCIVE,
    MILLER,
    POLYNOMIAL,
    SPONTANEOUS,
    THICKNESS,
    UNIAXIAL,
    T,
    film,
)
from models import NM, conductor
from scipy.constants import epsilon_0

from pyscl import (
    BlockingContact,
    Conserved,
    ConvergenceError,
    InputError,
    Johnson,
    Landau,
    Material,
    Model,
    Piezoelectric,
    PolarizationLoop,
    PotentialContact,
    ReservoirContact,
    TransientOptions,
    UniformPolarization,
)
from pyscl.mesh import strip

TOP = 1.6 * COERCIVE * THICKNESS
FINE = 0.01 * COERCIVE * THICKNESS


@pytest.fixture(scope="module")
def landau():
    start = UniformPolarization()
    return film().polarization_loop("left", TOP, points=32, resolution=FINE, polarization=start)


@pytest.fixture(scope="module")
def stacked():
    """A film on a linear layer, whose polarization takes a field of its own with it."""
    model, start = film(layer=1 * NM), UniformPolarization()
    return model.polarization_loop(
        "left", 1.6 * TOP, points=20, resolution=FINE, polarization=start
    )


def test_film_switches_at_the_coercive_field_of_its_polynomial(landau):
    assert landau.coercive_voltage == relative(COERCIVE * THICKNESS, 0.01)
    assert landau.coercive_field == relative(COERCIVE, 0.01)
    down, up = landau.coercive_voltages
    assert (down < 0.0 < up, -down) == (True, relative(up, 1e-6))


def test_jumps_are_bracketed_up_to_the_resolution(landau):
    jump = np.abs(np.diff(landau.polarization)) > SPONTANEOUS
    assert jump.sum() == 2  # one on the way down, one on the way up
    steps = np.abs(np.diff(landau.voltage))
    assert steps[jump].max() <= FINE
    assert steps[~jump].max() == pytest.approx(2 * TOP / 32, rel=1e-6)


def test_remanence_and_both_ends_are_those_of_the_branch(landau):
    assert landau.remanent_polarizations == relative((SPONTANEOUS, -SPONTANEOUS), 1e-8)
    assert landau.remanent_polarization == relative(SPONTANEOUS, 1e-8)
    top = TOP / THICKNESS
    background = epsilon_0 * (UNIAXIAL.linear_permittivity - 1.0) * top
    assert landau.polarization.max() == relative(POLYNOMIAL.branch(top) + background, 1e-8)
    assert landau.field == pytest.approx(landau.voltage / THICKNESS, rel=1e-9)
    expected = epsilon_0 * landau.field + landau.polarization
    assert landau.displacement == pytest.approx(expected, rel=1e-8)


def test_energy_is_the_area_of_the_loop(landau):
    assert landau.energy == relative(POLYNOMIAL.loop_area(), 0.01)
    cycle = slice(landau.of_branch(-2)[0], None)
    area = np.trapezoid(landau.field[cycle], landau.polarization[cycle])
    assert landau.energy == relative(area, 1e-8)


def test_energy_of_a_film_is_what_the_source_supplies_to_the_stack(stacked):
    cycle = slice(stacked.of_branch(-2)[0], None)
    supplied = np.trapezoid(stacked.voltage[cycle], stacked.displacement[cycle])
    assert stacked.energy == relative(supplied / THICKNESS, 1e-7)
    assert stacked.energy < POLYNOMIAL.loop_area()


def test_a_layer_in_series_depolarises_the_film(stacked, landau):
    assert stacked.remanent_polarization < 0.97 * landau.remanent_polarization
    rest = stacked.of_branch(-2)[np.abs(stacked.voltage[stacked.of_branch(-2)]).argmin()]
    assert stacked.field[rest] == relative(
        -stacked.displacement[rest] / (300.0 * epsilon_0) * (1 * NM / THICKNESS), 1e-8
    )


def test_states_near_each_other_take_one_step_of_the_polarization(landau):
    """Only the first state and the jumps need more."""
    quiet = film().polarization_loop(
        "left", 0.5 * TOP, points=8, polarization=UniformPolarization()
    )
    assert len(quiet.voltage) == 21
    assert quiet.steps <= 22
    assert quiet.iterations < 6 * len(quiet.voltage)
    assert landau.steps > 2 * quiet.steps


def test_branches_begin_where_the_one_before_ends(landau):
    assert landau.n_branches == 3
    assert landau.branch.tolist() == sorted(landau.branch)
    for number, (begin, end) in enumerate([(0.0, TOP), (TOP, -TOP), (-TOP, TOP)]):
        states = landau.of_branch(number)
        assert landau.voltage[states[[0, -1]]] == pytest.approx([begin, end])
    with pytest.raises(InputError, match="no branch 3; the loop has 3"):
        landau.of_branch(3)


def test_cycles_after_the_first_are_the_same():
    loop = film().polarization_loop("left", TOP, points=8, cycles=2, keep=True)
    assert loop.n_branches == 5
    np.testing.assert_allclose(
        loop.polarization[loop.of_branch(3)], loop.polarization[loop.of_branch(1)], rtol=1e-7
    )
    assert len(loop.solutions) == len(loop.voltage)
    assert loop.final is loop.solutions[-1]
    assert loop.final.bias == {"left": pytest.approx(TOP)}


def test_hysteretic_film_gives_the_loop_of_miller():
    top = 5 * MILLER.coercive_field * THICKNESS
    loop = film(MILLER).polarization_loop("left", top, points=200)
    width = 2 * MILLER.coercive_field / np.log((1 + 0.2 / 0.26) / (1 - 0.2 / 0.26))
    down = loop.of_branch(1)
    field = loop.field[down]
    exact = 0.26 * np.tanh((field + MILLER.coercive_field) / width) + 9 * epsilon_0 * field
    late = field < 0.9 * field.max() - 2 * MILLER.coercive_field  # the memory follows from there
    assert loop.polarization[down][late] == pytest.approx(exact[late], abs=1e-9)
    assert loop.remanent_polarization == relative(0.2, 1e-3)
    assert loop.energy == relative(4 * MILLER.coercive_field * 0.26, 0.02)


def test_the_voltage_drives_along_the_direction_and_others_may_be_asked_for():
    model = film(MILLER)
    by_right = model.polarization_loop("right", 1.0, points=8)
    assert by_right.direction == (-1.0, 0.0)
    assert by_right.coercive_voltage > 0.0
    turned = model.polarization_loop("right", 1.0, points=8, direction=(0.6, 0.8))
    assert turned.polarization == pytest.approx(-0.6 * by_right.polarization, abs=1e-12)


def inclusion(law, ions):
    """Return a square of a material in the middle of an electrolyte between two electrodes."""
    mesh = strip(np.linspace(0.0, 12.0, 13) * NM, 12 * NM, 12)
    away = np.abs(mesh.points[mesh.triangles].mean(axis=1) - 6 * NM)
    region = (away.max(axis=1) < 3 * NM).astype(np.int32)
    mesh = replace(mesh, region=region, region_names=("electrolyte", "grain"))
    around = conductor(0.6 * NM, 20.0, 0.3) if ions else Material(relative_permittivity=20.0)
    held = [Conserved(carrier="Li", regions=("electrolyte",))] if ions else []
    contacts = {side: PotentialContact(potential=0.0) for side in ("left", "right")}
    materials = {"electrolyte": around, "grain": Material(polarization=law)}
    return Model(mesh, materials, contacts=contacts, conserved=held, temperature=T)


def test_ions_screen_an_inclusion_from_the_electrodes():
    start = UniformPolarization()
    loops = {
        ions: inclusion(UNIAXIAL, ions).polarization_loop("left", 2.0, points=8, polarization=start)
        for ions in (True, False)
    }
    largest = {ions: np.abs(loop.polarization).max() for ions, loop in loops.items()}
    assert largest[True] < 0.6 * largest[False]
    for loop in loops.values():  # the inclusion is too small to stay polar by itself
        assert abs(loop.remanent_polarization) < 0.01 * SPONTANEOUS


def test_a_loop_may_be_driven_by_a_reservoir_under_current():
    mesh = strip(np.linspace(0.0, 12.0, 13) * NM, 4 * NM, 2, [("a", 4 * NM), ("film", 8 * NM),
                                                             ("b", 12 * NM)])  # fmt: skip
    li = conductor(1 * NM, 20.0, 0.3)
    law = MILLER
    material = Material(polarization=law, carriers=li.carriers)
    contacts = {
        side: ReservoirContact(carrier="Li", potential="neutral") for side in ("left", "right")
    }
    model = Model(mesh, {"a": li, "film": material, "b": li}, contacts=contacts, temperature=T)
    loop = model.polarization_loop("left", 1.0, points=8)
    assert loop.final.contact("left").current > 0.0  # direct current through the film
    assert loop.coercive_voltage > 0.0


def test_states_under_current_have_a_rate_of_relaxation_as_those_at_rest():
    mesh = strip(np.linspace(0.0, 12.0, 13) * NM, 4 * NM, 2, [("a", 4 * NM), ("film", 12 * NM)])
    materials = {"a": conductor(1 * NM, 20.0, 0.3), "film": Material(polarization=UNIAXIAL)}
    materials["film"] = Material(polarization=UNIAXIAL, carriers=materials["a"].carriers)
    contacts = {
        side: ReservoirContact(carrier="Li", potential="neutral") for side in ("left", "right")
    }
    model = Model(mesh, materials, contacts=contacts, temperature=T)
    rest = model.equilibrium(polarization=UniformPolarization()).history.relaxation_rate
    driven = model.steady({"left": 1e-6}).history.relaxation_rate
    assert rest > 0.0
    assert driven == relative(rest, 1e-4)


def test_a_loop_in_time_of_a_law_without_rate_is_the_slow_one():
    model, top = film(MILLER), 4 * MILLER.coercive_field * THICKNESS
    sweeps = [f"Sweep from {a} V to {b} V at 1 V/s" for a, b in
              ((0.0, top), (top, -top), (-top, top))]  # fmt: skip
    options = TransientOptions(save="all", max_step=top / 20.0)
    course = model.transient(sweeps, contact="left", options=options)
    timed = PolarizationLoop.from_trajectory(course, "film")
    slow = model.polarization_loop("left", top, points=40)
    assert timed.n_branches == 3
    assert timed.coercive_voltage == relative(slow.coercive_voltage, 0.02)
    assert timed.remanent_polarization == relative(slow.remanent_polarization, 0.01)
    assert timed.energy == relative(slow.energy, 0.02)
    assert timed.iterations > 0


def test_faster_loops_of_a_viscous_crystal_are_wider():
    law = Landau(coefficients=UNIAXIAL.coefficients, viscosity=1.0)
    model = film(law, elements=2)
    energies = []
    for rate in (1e5, 1e6):  # V/s; the crystal needs some ns
        sweeps = [f"Sweep from {a} V to {b} V at {rate} V/s" for a, b in
                  ((0.0, TOP), (TOP, -TOP), (-TOP, TOP))]  # fmt: skip
        options = TransientOptions(save="all", max_step=TOP / 40.0 / rate)
        start = model.equilibrium(polarization=UniformPolarization())
        course = model.transient(sweeps, contact="left", start=start, options=options)
        energies.append(PolarizationLoop.from_trajectory(course).energy)
    widened = np.array(energies) / POLYNOMIAL.loop_area() - 1.0
    assert 0.0 < widened[0] < 0.05
    assert widened[1] / widened[0] == relative(10.0 ** (2 / 3), 0.1)  # past a fold


def test_a_failed_loop_keeps_what_it_had(monkeypatch):
    model, calls = film(), []
    steady = Model.steady

    def failing(self, bias=None, start=None, **arguments):
        calls.append(bias)
        if len(calls) == 6:
            raise ConvergenceError("too far", last_good=start)
        return steady(self, bias, start, **arguments)

    monkeypatch.setattr(Model, "steady", failing)
    with pytest.raises(ConvergenceError, match="too far") as caught:
        model.polarization_loop("left", TOP, points=16)
    partial = caught.value.partial
    assert len(partial.voltage) == 5
    assert partial.voltage[-1] == pytest.approx(4 * TOP / 8)
    numbers = partial.to_dict()
    assert numbers["energy of the loop [J/m^3]"] is None
    assert numbers["coercive voltages [V]"] is None
    with pytest.raises(InputError, match="one up to the highest voltage"):
        _ = partial.coercive_field
    with pytest.raises(InputError, match="no closed cycle"):
        _ = partial.energy


def test_the_table_holds_the_loop(landau, tmp_path):
    landau.write_csv(tmp_path / "loop.csv")
    with open(tmp_path / "loop.csv", newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    table = np.array(rows, dtype=float)
    assert head[:4] == ["branch", "voltage [V]", "field [V/m]", "polarization [C/m^2]"]
    np.testing.assert_allclose(table[:, 3], landau.polarization, rtol=1e-11)
    np.testing.assert_allclose(table[:, 5], landau.work, rtol=1e-11)
    numbers = landau.to_dict()
    assert numbers["energy of the loop [J/m^3]"] == landau.energy
    assert numbers["coercive voltages [V]"] == list(landau.coercive_voltages)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"contact": "leftt"}, "Did you mean 'left'"),
        ({"amplitude": 0.0}, "the amplitude of a loop must be above 0 V"),
        ({"resolution": "-1 mV"}, "the resolution of a loop must be above 0 V"),
        ({"points": 2}, "a loop needs 4 points or more, not 2"),
        ({"cycles": 0}, "a loop needs 1 cycles or more, not 0"),
        ({"region": "fillm"}, "Did you mean 'film'"),
        (
            {"direction": (1.0, 1.0)},
            r"the direction \(1, 1\) is no unit vector, its length is 1.41",
        ),
        ({"direction": (0.0, 0.0)}, "give a direction"),
        ({"direction": 3.0}, "is no vector"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        film().polarization_loop(**{"contact": "left", "amplitude": 1.0} | arguments)


def test_contacts_without_a_voltage_and_unclear_regions_are_refused():
    blocked = film(contacts={"left": PotentialContact(potential=0.0), "right": BlockingContact()})
    with pytest.raises(InputError, match="'right' is blocking"):
        blocked.polarization_loop("right", 1.0)
    linear = film(contacts={"left": PotentialContact(potential=0.0)}).with_(
        materials={"film": Material(relative_permittivity=10.0)}
    )
    with pytest.raises(InputError, match="all regions are linear; name the one"):
        linear.polarization_loop("left", 1.0)
    both = Material(polarization=MILLER)
    two = film(MILLER, layer=1 * NM).with_(materials={"film": both, "layer": both})
    with pytest.raises(InputError, match="name the region of the polarization: one of film, layer"):
        two.polarization_loop("left", 1.0)
    course = film(MILLER).transient("Step to 0.1 V for 1 s", contact="left",
                                    options=TransientOptions(save=(1.0,)))  # fmt: skip
    with pytest.raises(InputError, match="holds 1 saved states"):
        PolarizationLoop.from_trajectory(course)


def test_jumps_over_zero_say_between_which_voltages():
    loop = film().polarization_loop("left", TOP, points=8, polarization=UniformPolarization())
    for (first, second), value in zip(loop.coercive_brackets, loop.coercive_voltages, strict=True):
        assert abs(second - first) == relative(TOP / 4.0, 1e-9)
        assert min(first, second) < value < max(first, second)
        assert min(abs(first), abs(second)) < COERCIVE * THICKNESS < max(abs(first), abs(second))
    smooth = film(MILLER, elements=1).polarization_loop("left", 1.0, points=80)
    assert smooth.coercive_brackets == (None, None)


@pytest.mark.parametrize(
    "law",
    [
        Piezoelectric(coefficient=1e-10, stress=1e8, relative_permittivity=50.0),
        Johnson(relative_permittivity=300.0, coefficient=1e9),
    ],
)
def test_laws_without_memory_have_no_coercive_field(law):
    loop = film(law, elements=1).polarization_loop("left", 1.0, points=8, region="film")
    for name in ("coercive_voltage", "coercive_field", "coercive_brackets"):
        with pytest.raises(InputError, match="no region has a polarization with a memory"):
            getattr(loop, name)
    assert loop.to_dict()["coercive fields [V/m]"] is None
    assert loop.remanent_polarization == pytest.approx(0.0, abs=1e-15)
