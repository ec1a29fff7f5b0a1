"""From sentences to steps: "Charge at 0.1 mA/cm2 until 4.3 V".

    sentence = action {part} [ending {"or" ending}]
    action   = rest | charge | discharge | hold | step | sweep | wait
    part     = ("at" | "from" | "to") quantity
    ending   = "for" time | ["until"] limit
    limit    = voltage | current | "steady" | carrier "at" interface "falls below" number

Words may be in any case. Names are taken as they are; names that hold spaces or are words of the
language stand in double quotes.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pyscl.errors import InputError
from pyscl.protocol.limits import CurrentLimit, Depletion, Limit, Steady, VoltageLimit
from pyscl.protocol.steps import (
    Control,
    Current,
    Hold,
    Rest,
    Step,
    StepTo,
    Sweep,
    Wait,
    never_met,
)
from pyscl.protocol.words import (
    CURRENT,
    FALLS,
    KEYWORDS,
    LIMIT,
    SITE_FRACTION,
    SWEEP_RATE,
    TIME,
    VOLTAGE,
    SentenceError,
    Value,
    Wanted,
    Word,
    Words,
)

_FOR, _UNTIL = "'for <time>'", "'until <limit>'"
_EXAMPLES = {
    "charge": "Charge at 0.1 mA/cm^2 until 4.3 V",
    "discharge": "Discharge at C/10 for 1 h or until 3 V",
    "hold": "Hold at 4.3 V until 1 uA/cm^2",
    "rest": "Rest for 10 ms",
    "step": "Step to 0.1 V",
    "sweep": "Sweep from 0 V to 1 V at 1 V/s",
    "wait": "Wait until steady",
}


def parse_step(text: str) -> Step:
    """Return the step a sentence describes.

    "Step to 0.1 V for 10 us" is the same as "Hold at 0.1 V for 10 us".

    Args:
        text: one sentence, such as "Discharge at C/10 for 1 hour or until 3 V".

    Raises:
        SentenceError: what is not understood and where, and what is allowed there.
    """
    if not isinstance(text, str):
        raise InputError(f"'{text}' is no sentence; expected a text such as 'Rest for 10 ms'")
    words = Words(text)
    verb = words.peek()
    if not verb:
        words.fail(", ".join(_EXAMPLES), problem="the sentence is empty")
    if verb == "follow":
        advice = "write it as 'follow: {times: [0 s, 1 s], voltage: [0 V, 1 V]}'"
        words.refuse("'Follow' has no sentence", advice, words.take())
    if verb not in _EXAMPLES:
        words.example = _EXAMPLES["charge"]
        words.fail(", ".join(_EXAMPLES), known=_EXAMPLES)
    words.example = _EXAMPLES[verb]
    return _VERBS[verb](words)


def _charge(words: Words) -> Step:
    verb = words.take().text.lower()
    value = _parts(words, {"at": CURRENT}, needed=("at",))["at"]
    if not value.number > 0.0:
        other = "Discharge" if verb == "charge" else "Charge"
        advice = (
            "for no current write 'Rest for <time>'"
            if value.number == 0.0
            else f"currents have no sign; for the other direction write '{other} at ...'"
        )
        words.refuse(f"'{value.word.text}' is not a current to {verb} at", advice, value.word)
    amount = -value.number if verb == "discharge" else value.number
    return _build(words, value.word, Current, {value.field: amount, **_endings(words, "current")})


def _hold(words: Words) -> Step:
    first = words.take()
    parts = _parts(words, {"at": VOLTAGE})
    voltage = parts["at"].number if parts else None
    endings = _endings(words, "voltage", () if parts else ("'at <voltage>'",))
    return _build(words, first, Hold, {"voltage": voltage, **endings})


def _rest(words: Words) -> Step:
    return _build(words, words.take(), Rest, _endings(words, "current"))


def _wait(words: Words) -> Step:
    return _build(words, words.take(), Wait, _endings(words, None))


def _step(words: Words) -> Step:
    first = words.take()
    voltage = _parts(words, {"to": VOLTAGE}, needed=("to",))["to"].number
    if words.done:
        return StepTo(voltage=voltage)
    return _build(words, first, Hold, {"voltage": voltage, **_endings(words, "voltage")})


def _sweep(words: Words) -> Step:
    first = words.take()
    wanted = {"from": VOLTAGE, "to": VOLTAGE, "at": SWEEP_RATE}
    parts = _parts(words, wanted, needed=("to", "at"))
    if not words.done:
        words.fail("the end of the sentence; a sweep ends at its last voltage")
    start, end, rate = parts.get("from"), parts["to"], parts["at"]
    if start is not None and start.number == end.number:
        advice = "give two different voltages, or write 'Hold at <voltage> for <time>'"
        words.refuse("the sweep ends where it starts", advice, end.word)
    if not rate.number > 0.0:
        advice = "the rate is above 0; its direction follows from the voltages"
        words.refuse(f"'{rate.word.text}' is not a sweep rate", advice, rate.word)
    fields = {"start": start and start.number, "end": end.number, "rate": rate.number}
    return _build(words, first, Sweep, fields)


_VERBS: Mapping[str, Callable[[Words], Step]] = {
    "charge": _charge,
    "discharge": _charge,
    "hold": _hold,
    "rest": _rest,
    "step": _step,
    "sweep": _sweep,
    "wait": _wait,
}


def _parts(
    words: Words, wanted: Mapping[str, Wanted], *, needed: tuple[str, ...] = ()
) -> dict[str, Value]:
    """Read the quantities behind "at", "from" and "to", in any order."""
    found: dict[str, Value] = {}
    while words.peek() in wanted and words.peek() not in found:
        key = words.take().text.lower()
        found[key] = words.value(wanted[key])
    if any(key not in found for key in needed):
        left = [key for key in wanted if key not in found]
        words.fail(", ".join(f"'{key} <{wanted[key].noun}>'" for key in left), known=left)
    return found


def _endings(words: Words, control: Control | None, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """Read "for 1 h or until 3 V or steady"; return duration and limits.

    Args:
        words: the sentence.
        control: what the step gives, so that limits on it are refused.
        also: what else may stand here, for messages.
    """
    duration, limits, after_until = None, list[Limit](), False
    allowed = [*also, _FOR, _UNTIL]
    while True:
        key = words.peek()
        if key == "for" and duration is None:
            words.take()
            duration, after_until = _duration(words), False
        elif key == "until" or (after_until and key and key not in KEYWORDS):
            if key == "until":
                words.take()
            limits.append(_limit(words, control))
            after_until = True
        else:
            problem = "the duration is given twice" if key == "for" else ""
            if words.done and not (limits or duration):
                problem = "nothing ends the step"
            words.fail(", ".join(allowed), known=("for", "until"), problem=problem)
        if words.done:
            return {"duration": duration, "until": tuple(limits)}
        allowed = [_UNTIL] if duration is not None else [_FOR, _UNTIL]
        if words.peek() != "or":
            words.fail(", ".join(f"'or {text[1:]}" for text in allowed), known=("or",))
        words.take()


def _duration(words: Words) -> float:
    time = words.value(TIME)
    if not time.number > 0.0:
        words.refuse(f"'{time.word.text}' is no duration", "it must be above 0 s", time.word)
    return time.number


def _limit(words: Words, control: Control | None) -> Limit:
    """Read what stands behind "until"."""
    if words.peek() == "steady":
        words.take()
        if words.peek() == "state":
            words.take()
        return Steady()
    if not words.starts_number():
        return _depletion(words)
    value = _limit_value(words)
    limit: Limit
    if value.field == "voltage":
        limit = VoltageLimit(voltage=value.number)
    else:
        if not value.number > 0.0:
            advice = "a limit is a magnitude above 0; for no change at all write 'until steady'"
            words.refuse(f"'{value.word.text}' is not a limit of a current", advice, value.word)
        amount: dict[str, Any] = {value.field: value.number}
        limit = CurrentLimit(**amount)
    if reason := never_met(control, limit):
        problem, _, advice = reason.partition("; ")
        words.refuse(problem, advice, value.word)
    return limit


def _limit_value(words: Words) -> Value:
    try:
        return words.value(LIMIT)
    except SentenceError as error:
        try:
            time = words.value(TIME).word
        except SentenceError:
            raise error from None
        words.refuse(f"'{time.text}' is a time", f"write 'for {time.text}'", time)


def _depletion(words: Words) -> Limit:
    """Read "Li at active|electrolyte falls below 0.01"."""
    if words.done or words.peek() in KEYWORDS:
        words.fail(LIMIT.examples, problem="a limit is missing")
    if words.peek(1) != "at":
        words.fail(LIMIT.examples, known=("steady",))
    carrier = words.take()
    words.take()
    if words.done:
        words.fail("'<region|region> falls below <number>'")
    interface = words.take_joined("|", (*FALLS, "below"))
    if words.peek() in FALLS:
        words.take()
    if words.peek() != "below":
        words.fail("'falls below <number>'", known=(*FALLS, "below"))
    words.take()
    below = words.value(SITE_FRACTION)
    if not 0.0 < below.number < 1.0:
        advice = "a site fraction lies between 0 and 1"
        words.refuse(f"'{below.word.text}' is not a site fraction", advice, below.word)
    fields = {"carrier": carrier.name, "interface": interface.name, "below": below.number}
    return _build(words, interface, Depletion, fields)


def _build(words: Words, word: Word, kind: type[Any], fields: dict[str, Any]) -> Any:
    """Make a step or limit; what it refuses is shown at `word`."""
    try:
        return kind(**fields)
    except InputError as error:
        problem, _, advice = str(error).partition(": ")[2].partition("; ")
        words.refuse(problem, advice, word)
