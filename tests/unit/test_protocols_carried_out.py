"""Carrying out protocols: limits, jumps, saved states, early ends, restarts."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from approx import relative
from films import UNIAXIAL, film
from models import KT, NM, conductor, two_conductors

from pyscl import (
    BlockingContact,
    Carrier,
    Conserved,
    ConvergenceError,
    InputError,
    Interface,
    Material,
    Model,
    PotentialContact,
    ReservoirContact,
)
from pyscl.materials import load
from pyscl.mesh import graded, strip
from pyscl.polar_states import UniformPolarization
from pyscl.protocol import Protocol
from pyscl.study.transient import TransientOptions
from pyscl.study.transient.stepper import Stepper
from pyscl.trajectory import Trajectory

LENGTH = 10 * NM
DIFFUSIVITY = 1e-12  # m2/s
TAU = (0.5 * NM) ** 2 / DIFFUSIVITY  # relaxation of a Debye length [s]


def blocking_cell(**contacts):
    material = conductor(conductivity=None, diffusivity=DIFFUSIVITY)
    mesh = strip(graded(LENGTH, 0.05 * NM, 1.2, 0.4 * NM, fine="both"))
    electrodes = {name: PotentialContact(potential=0.0) for name in ("left", "right")}
    return Model(
        mesh,
        {"electrolyte": material},
        contacts={**electrodes, **contacts},
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )


def carried_out(protocol, model=None, **options):
    return (model or blocking_cell()).transient(
        protocol, contact="left", options=TransientOptions(**options)
    )


def test_a_charge_ends_exactly_at_its_voltage_limit():
    t = carried_out("Charge at 10 A/m^2 until 0.2 V")
    assert t["voltage"][-1] == pytest.approx(0.2, abs=1e-7)
    assert t.complete
    assert t.stops[0].reason == "voltage reached 0.2 V"
    assert t.stops[0].time == t["time"][-1]


def test_a_discharge_ends_below_its_limit_and_carries_the_opposite_current():
    t = carried_out("Discharge at 10 A/m^2 until -0.2 V")
    assert t["voltage"][-1] == pytest.approx(-0.2, abs=1e-7)
    assert t["current_density"][1:] == pytest.approx(-10.0, rel=1e-8)


def test_a_limit_beyond_which_a_step_starts_ends_it_at_once():
    t = carried_out(["Charge at 10 A/m^2 until 0.2 V", "Charge at 10 A/m^2 until 0.1 V"])
    assert t.stops[1].time == t.stops[0].time
    assert "already" in t.stops[1].reason


def test_a_hold_ends_when_the_current_has_fallen():
    t = carried_out("Hold at 0.1 V until 0.01 mA/cm^2")
    assert abs(t["current_density"][-1]) == pytest.approx(0.1, rel=1e-5)


def test_a_hold_without_voltage_keeps_the_one_that_is_there():
    t = carried_out(["Charge at 10 A/m^2 until 0.2 V", "Hold for 1 us"])
    assert t["voltage"][-1] == pytest.approx(0.2, abs=1e-6)


def test_no_current_flows_during_a_rest():
    t = carried_out(["Charge at 10 A/m^2 until 0.2 V", "Rest for 10 us"])
    resting = t["step"] == 2
    assert np.abs(t["current_density"][resting]).max() < 1e-7
    assert t["time"][-1] - t.stops[0].time == relative(1e-5, 1e-9)


def test_a_jump_charges_the_electrodes_before_the_carriers_move():
    """Right after a jump the field is uniform: sigma = eps V / L."""
    cell = blocking_cell()
    rest = cell.equilibrium()
    t = carried_out("Step to 0.1 V", cell)
    after = t.final
    assert after.site_fraction("Li") == pytest.approx(rest.site_fraction("Li"), rel=1e-6)
    assert after["electric_field"].values[:, 0] == pytest.approx(0.1 / LENGTH, rel=1e-4)
    assert t["charge_passed"][-1] == relative(after.contact("left").charge, 1e-6)
    assert after.time == 0.0


def test_a_sweep_follows_its_ramp():
    t = carried_out(["Sweep from 0 V to 0.1 V at 1e4 V/s", "Sweep to -0.1 V at 1e4 V/s"])
    up = t["step"] == 1
    assert t["voltage"][up] == pytest.approx(1e4 * t["time"][up], abs=1e-9)
    assert t["voltage"][-1] == pytest.approx(-0.1, abs=1e-9)
    assert t["time"][-1] == relative(3e-5, 1e-9)


def test_follow_is_linear_between_its_times():
    follow = {"follow": {"times": [0.0, 1e-6, 3e-6], "voltage": [0.0, 0.1, 0.05]}}
    t = carried_out([follow])
    expected = np.interp(t["time"], [0.0, 1e-6, 3e-6], [0.0, 0.1, 0.05])
    assert t["voltage"] == pytest.approx(expected, abs=1e-9)
    assert np.isclose(t["time"], 1e-6, rtol=1e-9).any()


def test_follow_of_a_current_passes_the_integral_of_it():
    follow = {"follow": {"times": [0.0, 1e-6], "current_density": [0.0, 20.0]}}
    t = carried_out([follow], tolerance=1e-4)
    assert t["charge_passed"][-1] == relative(0.5 * 20.0 * 1e-6 * NM, 1e-3)


def test_wait_keeps_the_control_of_the_step_before():
    t = carried_out(["Step to 0.1 V", "Wait until steady"])
    assert t["voltage"][1:] == pytest.approx(0.1, abs=1e-12)
    steady = blocking_cell().steady({"left": 0.1})
    assert t.final.contact("left").charge == relative(steady.contact("left").charge, 1e-3)


@pytest.mark.parametrize("steady", [1e-3, 1e-5])
def test_steady_means_that_less_change_than_allowed_is_left(steady):
    cell = blocking_cell()
    t = carried_out(["Step to 0.1 V", "Wait until steady"], cell, steady=steady)
    end = cell.steady({"left": 0.1})
    change = np.abs(t.final.site_fraction("Li") - end.site_fraction("Li")).max() / 0.5
    assert change < steady


def test_depletion_at_an_interface_is_met_to_its_value():
    """The junction polarised backwards loses lithium on the depleted side of a|b."""
    model = two_conductors(4 * KT)
    start = model.equilibrium()
    on_interface = np.isclose(start.site_points[:, 0], 10 * NM, rtol=1e-9)

    def least(solution):
        return solution.site_fraction("Li")[on_interface].min()

    below = 0.9 * least(start)
    sentence = f"Discharge at 1e5 A/m^2 until Li at a|b falls below {float(below)!r}"
    t = model.transient(sentence, contact="left", start=start)
    assert t.complete
    assert least(t.final) == pytest.approx(below, rel=1e-4)


def test_cycles_repeat_all_steps():
    protocol = Protocol(
        ["Charge at 10 A/m^2 until 0.1 V", "Discharge at 10 A/m^2 until 0 V"], cycles=3
    )
    t = carried_out(protocol)
    assert [(s.cycle, s.step) for s in t.stops] == [(c, k) for c in (1, 2, 3) for k in (1, 2)]
    assert t["voltage"][-1] == pytest.approx(0.0, abs=1e-7)


def test_c_rates_refer_to_the_capacity():
    t = carried_out("Charge at 2C until 0.1 V", capacity=3600.0)
    assert t["current_density"][-1] == relative(2.0, 1e-8)


# Early ends keep what there is and say why.


def test_a_current_that_empties_a_phase_ends_the_protocol_with_the_place():
    t = carried_out(["Charge at 1e3 A/m^2 for 1 s", "Rest for 1 s"])
    assert not t.complete
    # half full: both ends run out at once, and rounding decides which is named
    places = ("ran out of Li at (0, 0) nm", "no empty sites left for Li at (10, 0) nm")
    assert any(place in t.reason for place in places)
    assert len(t.stops) == 1
    assert t.final.time == t["time"][-1] > 0.0


def test_a_limit_that_is_never_reached_ends_the_protocol_as_steady():
    t = carried_out(["Hold at 0.1 V until 1e-25 A/m^2", "Rest for 1 s"])
    assert not t.complete
    assert "steady before" in t.reason


def test_the_voltage_window_ends_a_runaway():
    t = carried_out("Charge at 1e3 A/m^2 for 1 s", voltage_window=(-1.0, 1.0))
    assert "left the window" in t.reason
    assert abs(t["voltage"][-1]) > 1.0


def test_a_step_that_misses_the_tolerance_keeps_the_states_before():
    refused = r"t = .* s misses the tolerance of 1e-06, most in '(phi|mu_Li)' at \(.*\) nm"
    with pytest.raises(ConvergenceError, match=refused) as failure:
        carried_out("Step to 0.1 V for 1 us", tolerance=1e-6, min_step=1e-9)
    kept = failure.value.trajectory
    assert not kept.complete
    assert kept.restart is not None
    assert kept.final.time == failure.value.last_good.time


def test_a_wait_whose_end_cannot_be_seen_is_given_up(monkeypatch):
    """Long steps that never converge shall not let it go on with short ones for ever."""
    solve = Stepper._solve

    def only_short(self, dt, *arguments, **options):
        return solve(self, dt, *arguments, **options) if dt < TAU else None

    monkeypatch.setattr(Stepper, "_solve", only_short)
    with pytest.raises(ConvergenceError, match="changes no more, but no longer step") as failure:
        carried_out(["Step to 0.1 V", "Wait until steady"])
    assert failure.value.trajectory["voltage"][-1] == pytest.approx(0.1, abs=1e-12)


# Saved states.


def test_states_are_saved_at_the_wanted_times():
    times = (1e-6, 2e-6, 5e-6)
    t = carried_out("Hold at 0.1 V for 10 us", save=times)
    assert t.times == pytest.approx([*times, 1e-5], rel=1e-9)


def test_states_are_saved_at_an_interval():
    t = carried_out("Hold at 0.1 V for 10 us", save=2.5e-6)
    assert t.times == pytest.approx([0.0, 2.5e-6, 5e-6, 7.5e-6, 1e-5], rel=1e-9)


def test_all_states_can_be_saved():
    t = carried_out("Hold at 0.1 V for 1 us", save="all")
    assert t.times == pytest.approx(np.unique(t["time"]), rel=1e-12)


def test_currents_of_a_saved_state_are_those_of_the_series():
    t = carried_out("Hold at 0.1 V for 1 us", save="all")
    for name in ("left", "right"):
        by_state = [s.contact(name).current for s in t.solutions[1:]]
        rows = np.searchsorted(t["time"], t.times[1:], side="right") - 1
        assert by_state == pytest.approx(t[f"current_{name}"][rows], rel=1e-12)


# Bad input is refused before work.


@pytest.mark.parametrize(
    ("contact", "reference", "words"),
    [
        ("lefft", None, "Did you mean 'left'"),
        ("left", "left", "its own reference"),
        ("left", "top", "no contact 'top'"),
    ],
)
def test_wrong_contacts_are_refused(contact, reference, words):
    with pytest.raises(InputError, match=words):
        blocking_cell().transient("Rest for 1 s", contact=contact, reference=reference)


def test_a_blocking_contact_has_no_voltage_to_control():
    model = blocking_cell(left=BlockingContact())
    with pytest.raises(InputError, match="blocking"):
        model.transient("Rest for 1 s", contact="left")


def test_several_references_must_be_told_apart():
    model = blocking_cell(top=PotentialContact(potential=0.0))
    with pytest.raises(InputError, match=r"against which contact\? .*right, top"):
        model.transient("Rest for 1 s", contact="left")


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("Charge at C/10 for 1 s", "step 1 .*capacity"),
        ("Charge at 1 uA for 1 s", "A/m"),
        ("Rest until Li at a|b falls below 0.1", "no interface 'a|b'"),
        ("Charge at 1 mA/cm2 untl 1 V", "until"),
    ],
)
def test_steps_that_mean_nothing_here_are_refused_by_number(sentence, words):
    with pytest.raises(InputError, match=words):
        carried_out(sentence)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tolerance": 0.0}, "tolerance"),
        ({"scheme": "euler"}, "backward-euler"),
        ({"save": (2.0, 1.0)}, "increase"),
        ({"save": "never"}, "steps"),
        ({"max_step": -1.0}, "max_step"),
        ({"voltage_window": (1.0, -1.0)}, "window"),
    ],
)
def test_options_without_meaning_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        TransientOptions(**options)


def test_a_carrier_that_cannot_move_is_refused():
    material = conductor(conductivity=None)
    model = Model(
        strip(graded(LENGTH, 0.5 * NM)),
        {"electrolyte": material},
        contacts={"left": ReservoirContact(carrier="Li"), "right": PotentialContact(potential=0.0)},
    )
    with pytest.raises(InputError, match="no mobility"):
        model.transient("Rest for 1 s", contact="right")


# Restart.

CELL = """
import os, signal, sys
sys.path[:0] = {tests!r}
from test_protocols_carried_out import PROTOCOL, blocking_cell
from pyscl.study.transient import TransientOptions

def kill(record):
    kill.count += 1
    if kill.count == {count}:
        os.kill(os.getpid(), signal.{signal})

kill.count = 0
options = TransientOptions(checkpoint={file!r}, checkpoint_every=0.0, listener=kill)
blocking_cell().transient(PROTOCOL, contact="left", options=options)
"""
PROTOCOL = ["Charge at 10 A/m^2 until 0.2 V", "Hold for 2 us", "Rest for 10 us"]


@pytest.mark.parametrize("count", [3, 12, 25, 40])
def test_a_killed_run_goes_on_from_its_checkpoint_with_the_same_results(tmp_path, count):
    file = tmp_path / "checkpoint.h5"
    script = CELL.format(
        tests=[str(Path(__file__).parent), str(Path(__file__).parents[1])],
        count=count,
        signal="SIGKILL",
        file=str(file),
    )
    killed = subprocess.run([sys.executable, "-P", "-c", script], check=False)
    assert killed.returncode == -signal.SIGKILL
    cell = blocking_cell()
    whole = cell.transient(PROTOCOL, contact="left")
    resumed = cell.transient(PROTOCOL, contact="left", resume=file)
    assert resumed.complete
    assert resumed["time"] == pytest.approx(whole["time"], rel=1e-12)
    assert resumed["voltage"] == pytest.approx(whole["voltage"], abs=1e-12)
    assert resumed["charge_passed"] == pytest.approx(whole["charge_passed"], rel=1e-12)
    assert resumed.final.unknowns == pytest.approx(whole.final.unknowns, abs=1e-9)
    assert len(resumed.solutions) == len(whole.solutions)
    assert [s.reason for s in resumed.stops] == [s.reason for s in whole.stops]


def test_an_interrupted_run_writes_its_checkpoint(tmp_path):
    file = tmp_path / "checkpoint.h5"

    def interrupt(record):
        if record.time > 1e-6:
            raise KeyboardInterrupt

    options = TransientOptions(checkpoint=file, listener=interrupt)
    with pytest.raises(KeyboardInterrupt):
        blocking_cell().transient(PROTOCOL, contact="left", options=options)
    assert Trajectory.load(file)["time"][-1] > 1e-6


def test_a_checkpoint_of_another_calculation_is_refused_with_the_difference(tmp_path):
    file = tmp_path / "checkpoint.h5"
    carried_out("Charge at 1e3 A/m^2 for 1 s", checkpoint=file)
    with pytest.raises(InputError, match="protocol"):
        blocking_cell().transient("Rest for 1 s", contact="left", resume=file)
    other = Model(
        strip(graded(LENGTH, 0.05 * NM, 1.2, 0.5 * NM, fine="both")),
        {"electrolyte": Material(relative_permittivity=10.0, carriers=(_lithium(),))},
        contacts={name: PotentialContact(potential=0.0) for name in ("left", "right")},
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )
    with pytest.raises(InputError, match="mesh"):
        other.transient("Charge at 1e3 A/m^2 for 1 s", contact="left", resume=file)


def _lithium():
    return Carrier(
        name="Li", charge=1, site_density=1e27, site_fraction=0.5, diffusivity=DIFFUSIVITY
    )


@pytest.mark.parametrize(("electrode", "below"), [("Li", 0.0), ("Li-In", 0.62)])
def test_voltages_count_against_the_material_of_the_counter_electrode(electrode, below):
    """Li-In lies 0.62 V above lithium, so the same cell shows 0.62 V less against it."""
    active = load("LiCoO2-mixed").with_lithium(0.8)
    contacts = {
        "left": ReservoirContact(carrier="Li", electrochemical_potential=0.0, electrode=electrode),
        "right": ReservoirContact(carrier="e", electrochemical_potential="open-circuit"),
    }
    model = Model(strip(graded(LENGTH, 0.5 * NM)), {"electrolyte": active}, contacts=contacts)
    t = model.transient("Rest for 1 ns", contact="right")
    assert t["voltage"][0] == pytest.approx(active.open_circuit_voltage() - below, abs=1e-6)


def test_an_unknown_counter_electrode_is_refused():
    with pytest.raises(InputError, match="Li-In"):
        ReservoirContact(carrier="Li", electrode="LiIn")


# Found in review: each of these once gave a wrong result or an obscure error.


def test_a_driven_contact_that_shares_a_node_with_another_is_refused():
    mesh = strip(np.linspace(0.0, LENGTH, 11), LENGTH, 2)
    ground = PotentialContact(potential=0.0)
    model = Model(
        mesh,
        {"electrolyte": conductor()},
        contacts={"left": ground, "bottom": ground},
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )
    with pytest.raises(InputError, match="'left' and 'bottom' share a node"):
        model.transient("Hold at 0.1 V for 1 us", contact="left")


def test_a_sweep_to_the_voltage_that_is_there_ends_at_once():
    t = carried_out(["Hold at 0.1 V for 1 us", "Sweep to 0.1 V at 1 V/s"])
    assert t.complete
    assert t["time"][-1] == relative(1e-6, 1e-12)


def test_a_short_step_after_a_long_rest_keeps_its_length():
    t = carried_out(["Rest for 1000 h", "Hold at 0.1 V for 1 ns"])
    assert t["dt"][t["step"] == 2][1:].sum() == relative(1e-9, 1e-9)
    assert t.stops[1].reason == "1 ns passed"


def test_time_never_goes_backwards():
    t = carried_out(["Step to 0.1 V", "Hold for 1 us", "Step to -0.1 V", "Wait for 1 us"])
    assert (np.diff(t["time"]) >= 0.0).all()
    assert (np.diff(t.times) > 0.0).all()


def test_a_protocol_that_ended_early_cannot_be_resumed(tmp_path):
    file = tmp_path / "checkpoint.h5"
    protocol = ["Hold at 0.1 V until 1e-25 A/m^2", "Rest for 1 us"]
    assert not carried_out(protocol, checkpoint=file).complete
    with pytest.raises(InputError, match=r"came to its end .*steady before"):
        blocking_cell().transient(protocol, contact="left", resume=file)


def test_a_resumed_run_keeps_the_voltages_of_the_other_contacts(tmp_path):
    """The start state is not given again, and no state was saved before the interruption."""
    file = tmp_path / "checkpoint.h5"
    cell = blocking_cell()
    start = cell.steady({"right": 0.2})
    protocol = "Hold at 0.1 V for 2 us"

    def interrupt(record):
        if record.time > 1e-8:
            raise KeyboardInterrupt

    def options(**more):
        return TransientOptions(save=(1.5e-6,), **more)

    arguments = {"contact": "left", "reference": "right"}
    whole = cell.transient(protocol, start=start, options=options(), **arguments)
    with pytest.raises(KeyboardInterrupt):
        cell.transient(
            protocol,
            start=start,
            options=options(checkpoint=file, listener=interrupt),
            **arguments,
        )
    resumed = cell.transient(protocol, options=options(), resume=file, **arguments)
    assert resumed["charge_right"] == pytest.approx(whole["charge_right"], rel=1e-12)


def test_the_first_row_of_a_start_under_current_shows_it():
    mesh = strip(graded(LENGTH, 0.05 * NM, 1.2, 0.4 * NM, fine="both"))
    lithium = ReservoirContact(carrier="Li", potential="neutral")
    model = Model(mesh, {"electrolyte": conductor()}, contacts={"left": lithium, "right": lithium})
    start = model.steady({"left": 0.1})
    t = model.transient("Hold for 1 us", contact="left", start=start)
    flowing = start.contact("left").current
    assert t["current_left"][[0, -1]] == pytest.approx(flowing, rel=1e-6)


@pytest.mark.parametrize("held", [None, "neutral"])
@pytest.mark.parametrize("volts", [0.1, -0.2, 0.5])
def test_reservoirs_follow_jumps_with_and_without_a_held_potential(held, volts):
    mesh = strip(np.linspace(0.0, 12 * NM, 13), 12 * NM, 4)
    lithium = ReservoirContact(carrier="Li", potential=held)
    material = conductor(0.8 * NM, 10.0, 0.3)
    model = Model(mesh, {"electrolyte": material}, contacts={"left": lithium, "right": lithium})
    t = model.transient(f"Step to {volts} V", contact="left")
    assert t["voltage"][-1] == pytest.approx(volts, abs=1e-12)


def test_an_interface_law_in_reversed_order_is_the_mirrored_law():
    law = {"law": "butler-volmer", "exchange_current": 1.0, "symmetry": 0.2}
    mirrored = {**law, "symmetry": 0.8}
    flows = []
    for name, its in (("a|b", law), ("b|a", mirrored), ("b|a", law)):
        interface = Interface(kinetics={"Li": its})
        model = two_conductors(0.0, interfaces={name: interface})
        flows.append(model.steady({"left": 0.2}).contact("left").current)
    assert flows[0] == relative(flows[1], 1e-9)
    assert abs(flows[2] / flows[0] - 1.0) > 0.1


def test_a_checkpoint_that_cannot_be_written_is_refused_before_work():
    with pytest.raises(InputError, match="cannot write"):
        carried_out("Rest for 1 us", checkpoint=Path("/nowhere/checkpoint.h5"))


def test_a_wait_until_steady_waits_for_the_polarization():
    """Between electrodes nothing but P of a film moves after a step of the voltage."""
    model = film(UNIAXIAL)
    poled = model.equilibrium(polarization=UniformPolarization())
    run = model.transient(
        ["Step to -0.5 V", "Wait until steady"], contact="left", start=poled
    )  # 1.5 times the coercive voltage
    switched = model.steady({"left": "-0.5 V"}, start=poled)
    assert run.stops[-1].reason == "steady"
    found, expected = (s.polarization_of("film").mean[0] for s in (run.final, switched))
    assert expected < 0.0
    assert found == relative(expected, 1e-4)


def test_a_jump_where_every_potential_is_held():
    """One element across: nothing is left of the displacement to solve for."""
    model = blocking_cell()
    model = model.with_(mesh=strip(np.array([0.0, LENGTH]), LENGTH, 2))
    t = carried_out(["Step to 20 mV", f"Wait for {TAU} s"], model)
    assert t.complete
    assert t["voltage"][-1] == pytest.approx(0.02, rel=1e-12)
