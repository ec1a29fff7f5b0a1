"""Ctrl-C between time steps."""

import signal
import threading

import numpy as np
import pytest
from test_protocols_carried_out import blocking_cell

from pyscl.study.transient import TransientOptions
from pyscl.study.transient.interrupts import Interrupts
from pyscl.trajectory import Trajectory


def interrupt():
    signal.raise_signal(signal.SIGINT)


def test_an_interrupt_is_noted_and_acted_on_where_it_is_looked_for():
    with Interrupts() as interrupts:
        interrupts.check()
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()


def test_a_second_interrupt_takes_effect_at_once():
    with Interrupts():
        interrupt()
        with pytest.raises(KeyboardInterrupt):
            interrupt()


def test_afterwards_interrupts_are_what_they_were():
    with Interrupts():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt):
        interrupt()


def test_the_handler_of_somebody_else_stays():
    def other(*_):
        heard.append(True)

    heard = []
    earlier = signal.signal(signal.SIGINT, other)
    try:
        with Interrupts() as interrupts:
            interrupt()
            interrupts.check()
        assert heard == [True]
        assert signal.getsignal(signal.SIGINT) is other
    finally:
        signal.signal(signal.SIGINT, earlier)


def test_other_threads_do_not_touch_signals():
    failed = []

    def work():
        try:
            with Interrupts() as interrupts:
                interrupts.check()
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not failed


@pytest.mark.parametrize("number", [1, 10])
def test_an_interrupt_while_a_step_is_recorded_leaves_it_whole(tmp_path, number):
    """The checkpoint has a row for its last state, and going on gives the same results."""
    protocol = ["Step to 0.1 V for 0.1 us", "Rest for 0.1 us"]
    whole = blocking_cell().transient(protocol, contact="left")
    count = 0

    def listener(record):
        nonlocal count
        count += 1
        if count == number:
            interrupt()

    options = TransientOptions(checkpoint=tmp_path / "c.h5", listener=listener)
    with pytest.raises(KeyboardInterrupt):
        blocking_cell().transient(protocol, contact="left", options=options)
    checkpoint = Trajectory.load(tmp_path / "c.h5")
    assert checkpoint.reason == "interrupted"
    scalars = checkpoint.restart.scalars
    origin = scalars["begin_time"] + scalars["elapsed_before"]
    assert checkpoint["time"][-1] == pytest.approx(origin + checkpoint.restart.times[-1])
    rest = blocking_cell().transient(
        protocol, contact="left", options=TransientOptions(), resume=tmp_path / "c.h5"
    )
    assert len(rest.series) == len(whole.series)
    for name in ("time", "charge_passed", "charge_left"):
        scale = np.abs(whole[name]).max()
        np.testing.assert_allclose(rest[name], whole[name], rtol=1e-6, atol=1e-6 * scale)
