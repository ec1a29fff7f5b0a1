"""Time steps of prescribed lengths: exactly these are made, what contradicts them is refused."""

import numpy as np
import pytest
from test_protocols_carried_out import TAU, blocking_cell

from pyscl import ConvergenceError, InputError
from pyscl.input import TransientStudy
from pyscl.protocol import Follow, Hold, Rest, Sweep
from pyscl.protocol.step_lengths import contradiction
from pyscl.study.transient import TransientOptions
from pyscl.study.transient.stepper import Stepper

LENGTHS = tuple(TAU * k for k in (2.5, 5.0, 10.0, 20.0, 40.0))
END = sum(LENGTHS)
JUMP = Hold(voltage=0.2, duration=END)


def carried_out(protocol, **options):
    options = TransientOptions(**{"step_lengths": LENGTHS, "save": "all", **options})
    return blocking_cell().transient(protocol, contact="left", options=options)


def by_hand(options, orders):
    """Return the states after steps made one by one."""
    cell = blocking_cell()
    stepper = Stepper(cell, "left", "right", cell.equilibrium(), options)
    states = [stepper.jump(0.2).unknowns]
    for dt, order in zip(LENGTHS, orders, strict=True):
        stepper.accept(stepper.solve_step(dt, 0.2, order))
        states.append(stepper.unknowns)
    return states


@pytest.mark.parametrize(
    ("scheme", "orders"), [("backward-euler", (1, 1, 1, 1, 1)), ("bdf2", (1, 1, 2, 2, 2))]
)
def test_exactly_the_prescribed_steps_are_made_and_keep_their_past(scheme, orders):
    t = carried_out([JUMP], scheme=scheme)
    assert t.series.events[1] == "jump"
    assert tuple(t["dt"][2:]) == LENGTHS
    assert t.times == pytest.approx([0.0, *np.cumsum(LENGTHS)], rel=1e-12)
    expected = by_hand(TransientOptions(scheme=scheme), orders)
    for state, unknowns in zip(t.solutions, expected, strict=True):
        np.testing.assert_array_equal(state.unknowns, unknowns)


def test_a_jump_before_a_step_changes_it_no_more_than_one_within():
    """Backward Euler sees only the amounts of the past, which a jump leaves as they are."""
    jumped = carried_out([JUMP], scheme="backward-euler")
    first = (0.0, LENGTHS[0], END)
    ramp = [{"kind": "follow", "times": first, "voltage": (0.0, 0.2, 0.2)}]
    within = carried_out(ramp, scheme="backward-euler")
    assert jumped["charge_left"][-1] == pytest.approx(within["charge_left"][-1], rel=1e-9)
    assert jumped.counts["iterations"] < within.counts["iterations"]


def test_the_error_of_prescribed_steps_is_estimated_but_refuses_none():
    t = carried_out([JUMP], tolerance=1e-6)
    assert t["error"][2:].min() > 1.0
    assert not t.counts["rejected"]


def test_every_step_of_a_protocol_is_made_in_the_prescribed_steps():
    sweep = Sweep(start=0.2, end=0.1, rate=0.1 / END)
    t = carried_out(["Step to 0.1 V", JUMP, Rest(duration=END), sweep], save="steps")
    for step in (2, 3, 4):
        lengths = t["dt"][t["step"] == step]
        assert tuple(lengths[lengths >= LENGTHS[0]]) == LENGTHS
    assert t["voltage"][-1] == pytest.approx(0.1, abs=1e-12)
    assert t.complete


def test_prescribed_steps_go_on_from_a_checkpoint(tmp_path):
    file = tmp_path / "c.h5"

    def interrupt(record):
        if record.time > 10.0 * TAU:
            raise KeyboardInterrupt

    whole = carried_out([JUMP, Rest(duration=END)])
    with pytest.raises(KeyboardInterrupt):
        carried_out([JUMP, Rest(duration=END)], checkpoint=file, listener=interrupt)
    resumed = blocking_cell().transient(
        [JUMP, Rest(duration=END)],
        contact="left",
        options=TransientOptions(step_lengths=LENGTHS, save="all"),
        resume=file,
    )
    np.testing.assert_array_equal(resumed["time"], whole["time"])
    np.testing.assert_array_equal(resumed.final.unknowns, whole.final.unknowns)


@pytest.mark.parametrize(("fails", "orders"), [((2,), (1, 1, 1, 1, 1)), ((1, 2), ())])
def test_only_backward_euler_stands_in_for_a_prescribed_step(monkeypatch, fails, orders):
    solve = Stepper._solve

    def failing(self, dt, order, *arguments, **options):
        long = dt >= LENGTHS[0]
        return None if long and order in fails else solve(self, dt, order, *arguments, **options)

    monkeypatch.setattr(Stepper, "_solve", failing)
    if orders:
        assert tuple(carried_out([JUMP])["dt"][2:]) == LENGTHS
        return
    with pytest.raises(ConvergenceError, match=r"length 6\.25e-07 s at t = 0 s did not"):
        carried_out([JUMP])


REFUSED = "it does not fit step_lengths"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (f"Hold at 0.1 V for {END * 1.01!r} s", f"{REFUSED}: it lasts"),
        (f"Hold at 0.1 V for {END!r} s or until 1 A/m^2", f"{REFUSED}: it may end at a limit"),
        ("Hold at 0.1 V until 1 A/m^2", f"{REFUSED}: it may end at a limit"),
        ("Sweep to 0.1 V at 1 V/s", f"{REFUSED}: its duration is not clear"),
        ("Sweep from 0.2 V to 0.1 V at 1 V/s", f"{REFUSED}: it lasts 0.1 s"),
        ({"follow": {"times": [0, TAU, END], "voltage": [0, 1, 1]}}, "not the end of a time step"),
        ({"follow": {"times": [0, LENGTHS[0]], "voltage": [0, 1]}}, f"{REFUSED}: it lasts"),
    ],
)
def test_steps_of_a_protocol_that_contradict_the_lengths_are_refused_by_number(step, words):
    with pytest.raises(InputError, match=f"step 2 .*{words}"):
        carried_out(["Step to 0.1 V", step])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"step_lengths": ()}, "above 0"),
        ({"step_lengths": (1.0, 0.0)}, "above 0"),
        ({"step_lengths": (1.0, float("inf"))}, "above 0"),
        (
            {"step_lengths": (1.0, 2.0, 1e-8)},
            "length 3 of step_lengths, 1e-08 s, is less than 1e-08",
        ),
        ({"fixed_step": 1.0}, "fixed_step exclude"),
        ({"first_step": 1.0}, "first_step exclude"),
        ({"max_step": 1.0}, "max_step exclude"),
        ({"min_step": 1.0}, "min_step exclude"),
        ({"save": 1.0}, "ends of prescribed steps only"),
        ({"save": (1.0,)}, "ends of prescribed steps only"),
    ],
)
def test_options_that_contradict_the_lengths_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        TransientOptions(**{"step_lengths": (1.0, 2.0), **options})


@pytest.mark.parametrize("short", [0, 2, 4])
def test_the_shortest_steps_that_are_allowed_are_made(short):
    """Also the last one, which must not be taken for rounding."""
    lengths = list(LENGTHS)
    lengths[short] = 1.01e-8 * END
    hold = Hold(voltage=0.2, duration=sum(lengths))
    t = carried_out([hold], step_lengths=tuple(lengths))
    assert tuple(t["dt"][2:]) == tuple(lengths)


@pytest.mark.parametrize("off", [1e-7, 1e-5, 0.5])
def test_corners_meet_the_ends_of_steps_much_closer_than_these_are_apart(off):
    """Also beside steps that are short parts of the whole."""
    lengths = (1.0, 1e-7, 1.0)
    corner = 1.0 + (1.0 + off) * lengths[1]
    step = Follow(times=(0.0, 1.0, corner, sum(lengths)), voltage=(0.0, 0.0, 1.0, 1.0))
    reason = contradiction(step, lengths)
    if off < 1e-6:
        assert reason is None
    else:
        assert "is not the end of a time step" in reason


def test_a_study_refuses_lengths_that_are_lost_beside_the_others():
    with pytest.raises(ValueError, match="length 2 of step_lengths, 1e-09 s, is less than 1e-08"):
        TransientStudy(contact="a", protocol="Rest for 1 s", step_lengths=[1, 1e-9])


@pytest.mark.parametrize("key", ["first_step", "max_step", "save_every"])
def test_a_study_gives_its_steps_in_one_way(key):
    with pytest.raises(ValueError, match=f"step_lengths and {key} exclude each other"):
        TransientStudy(contact="a", protocol="Rest for 1 s", step_lengths=[1], **{key: 1})
