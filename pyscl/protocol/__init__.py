"""Protocols: what the working contact does, in the words of battery people.

`Protocol(["Charge at 0.1 mA/cm2 until 4.3 V", "Rest for 10 ms"])` reads sentences; `parse_step` and
`format_step` turn one sentence into a step and back. Nothing here knows a model.
"""

from pyscl.protocol.limits import (
    CurrentLimit,
    CurrentValue,
    Depletion,
    Limit,
    Steady,
    VoltageLimit,
)
from pyscl.protocol.parser import parse_step
from pyscl.protocol.protocol import Protocol, Steps
from pyscl.protocol.sentences import format_limit, format_step
from pyscl.protocol.steps import Current, Follow, Hold, Rest, Step, StepTo, Sweep, Wait
from pyscl.protocol.words import SentenceError

__all__ = [
    "Current",
    "CurrentLimit",
    "CurrentValue",
    "Depletion",
    "Follow",
    "Hold",
    "Limit",
    "Protocol",
    "Rest",
    "SentenceError",
    "Steady",
    "Step",
    "StepTo",
    "Steps",
    "Sweep",
    "VoltageLimit",
    "Wait",
    "format_limit",
    "format_step",
    "parse_step",
]
