"""Protocols: every sentence is read, written back exactly, and refused with its place if wrong."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscl.errors import InputError
from pyscl.protocol import (
    Current,
    CurrentLimit,
    Depletion,
    Follow,
    Hold,
    Protocol,
    Rest,
    SentenceError,
    Steady,
    StepTo,
    Sweep,
    VoltageLimit,
    Wait,
    format_limit,
    format_step,
    parse_step,
)
from pyscl.units import write

LI = Depletion(carrier="Li", interface="active|electrolyte", below=0.01)


def volts(voltage):
    return VoltageLimit(voltage=voltage)


# --- sentences that are read ------------------------------------------------------------------

SENTENCES = [
    ("Rest for 10 ms", Rest(duration="10 ms")),
    ("Rest until steady", Rest(until=[Steady()])),
    ("Rest for 1 h or until 3.6 V", Rest(duration=3600, until=[volts(3.6)])),
    ("Charge at 0.1 mA/cm^2 until 4.3 V", Current(density="0.1 mA/cm^2", until=[volts(4.3)])),
    ("Charge at 1C until 4.2 V", Current(rate=1, until=[volts(4.2)])),
    (
        "Discharge at C/10 for 1 h or until 3 V",
        Current(rate=-0.1, duration=3600, until=[volts(3)]),
    ),
    ("Discharge at 2 uA for 1 s", Current(current="-2 uA", duration=1)),
    ("Charge at 1 uA/m until steady", Current(current_per_depth="1 uA/m", until=[Steady()])),
    (
        "Charge at 0.3C until 4 V or Li at active|electrolyte falls below 0.01 or steady",
        Current(rate=0.3, until=[volts(4), LI, Steady()]),
    ),
    ("Hold at 4.3 V until 1 uA/cm^2", Hold(voltage=4.3, until=[CurrentLimit(density="1 uA/cm2")])),
    (
        "Hold at 4.1 V for 5 min or until C/50",
        Hold(voltage=4.1, duration=300, until=[CurrentLimit(rate=0.02)]),
    ),
    ("Hold for 1 s", Hold(duration=1)),
    ("Hold until 2 nA", Hold(until=[CurrentLimit(current="2 nA")])),
    ("Step to 100 mV", StepTo(voltage=0.1)),
    ("Step to -0.5 V", StepTo(voltage=-0.5)),
    ("Sweep from 0 V to 1 V at 1 V/s", Sweep(start=0, end=1, rate=1)),
    ("Sweep to -1 V at 10 mV/s", Sweep(end=-1, rate=0.01)),
    ("Wait until steady", Wait(until=[Steady()])),
    ("Wait for 1 ms", Wait(duration=1e-3)),
]


@pytest.mark.parametrize(("sentence", "step"), SENTENCES)
def test_sentences_are_read(sentence, step):
    assert parse_step(sentence) == step


@pytest.mark.parametrize(("sentence", "step"), SENTENCES)
def test_steps_are_written_readably(sentence, step):
    assert format_step(step) == sentence.replace("100 mV", "0.1 V")


@pytest.mark.parametrize(
    ("sentence", "same"),
    [
        ("charge AT 0.1 mA/cm2 Until 4.3 V", "Charge at 0.1 mA/cm^2 until 4.3 V"),
        ("  Rest   for 10ms. ", "Rest for 10 ms"),
        ("Rest for 2 hours", "Rest for 2 h"),
        ("Rest for 1 Hour", "Rest for 1 h"),
        ("Rest for 90 MINUTES", "Rest for 90 min"),
        ("Rest for 5 mins", "Rest for 5 min"),
        ("Hold at 4 Volts for 1 SEC", "Hold at 4 V for 1 s"),
        ("Rest for 30 seconds", "Rest for 30 s"),
        ("Rest for 3 µs", "Rest for 3 us"),
        ("Charge at 1 C until 4.2V", "Charge at 1C until 4.2 V"),
        ("Charge at C for 1 h", "Charge at 1C for 1 h"),
        ("Charge at c / 5 for 1 h", "Charge at C/5 for 1 h"),
        ("Charge at C/2.5 for 1 h", "Charge at 0.4C for 1 h"),
        ("Charge at 1 A / m^2 for 1 h", "Charge at 0.1 mA/cm^2 for 1 h"),
        ("Charge at 1 A m^-2 for 1 h", "Charge at 0.1 mA/cm^2 for 1 h"),
        ("Hold at 4 V until C / 50", "Hold at 4 V until C/50"),
        ("Hold at 4 V until 1C", "Hold at 4 V until 1C"),
        (
            "Charge at 1C until 4 V or until 5 V or for 1 h",
            "Charge at 1C for 1 h or until 4 V or 5 V",
        ),
        ("Step to 0.1 V for 10 us", "Hold at 0.1 V for 10 us"),
        ("Step to 0.1 V until steady", "Hold at 0.1 V until steady"),
        ("Sweep at 1 V/s to 1 V from 0 V", "Sweep from 0 V to 1 V at 1 V/s"),
        ("Wait until steady state", "Wait until steady"),
        ("Rest until Li at b|a is below 1 %", "Rest until Li at a|b falls below 0.01"),
        ("Rest until Li at b | a drops below 0.01", "Rest until Li at a|b falls below 0.01"),
        ("Rest until Li at b| a below .01", "Rest until Li at a|b falls below 0.01"),
        (
            'Rest until "V Li" at "grain 1"|b falls below 0.01',
            'Rest until "V Li" at "b|grain 1" falls below 0.01',
        ),
        ("Rest until C at a|b falls below 0.5", "Rest until C at a|b falls below 0.5"),
        ('Rest until "steady" at a|b is below 0.5', 'Rest until "steady" at a|b falls below 0.5'),
    ],
)  # fmt: skip
def test_people_write_the_same_in_many_ways(sentence, same):
    assert format_step(parse_step(sentence)) == same


# --- every step survives being written and read -----------------------------------------------

finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=0.0, exclude_min=True, allow_infinity=False)
round_numbers = st.builds(
    lambda digits, power: float(f"{digits}e{power}"), st.integers(1, 9999), st.integers(-12, 6)
)
magnitudes = positive | round_numbers | round_numbers.map(lambda x: x * 3600.0)
rates = magnitudes | st.integers(1, 2000).map(lambda n: 1.0 / n)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
regions = names.map(lambda name: name.replace("|", "/").strip()).filter(bool)
words = st.sampled_from(["for", "at", "Or", "steady", "C", "C/2", "1", "5 V", 'a"b', '"', '""'])


def _currents(kind, rate_signs, **other):
    sign = st.sampled_from(rate_signs)
    fields = {
        "density": magnitudes,
        "rate": rates,
        "current": magnitudes,
        "current_per_depth": magnitudes,
    }
    return st.one_of(
        [
            st.builds(
                lambda s, x, rest, name=name: kind(**{name: s * x}, **rest),
                sign,
                values,
                st.fixed_dictionaries(other),
            )
            for name, values in fields.items()
        ]
    )  # fmt: skip


voltage_limits = st.builds(VoltageLimit, voltage=finite)
current_limits = _currents(CurrentLimit, [1.0])
depletions = (
    st.tuples(names | words, regions | words, regions | words)
    .filter(lambda t: t[1] != t[2])
    .map(lambda t: (t[0], f"{t[1]}|{t[2]}"))
    .flatmap(
        lambda t: st.builds(
            Depletion,
            carrier=st.just(t[0]),
            interface=st.just(t[1]),
            below=st.floats(0, 1, exclude_min=True, exclude_max=True),
        )
    )
)
common = st.builds(Steady) | depletions


def _ended(kind, limits, **fields):
    until = st.lists(limits, max_size=4).map(tuple)
    endings = st.tuples(st.none() | magnitudes, until).filter(lambda e: e[0] is not None or e[1])
    return st.builds(
        lambda ending, rest: kind(duration=ending[0], until=ending[1], **rest),
        endings,
        st.fixed_dictionaries(fields),
    )


@st.composite
def _driven(draw):
    ending = draw(_ended(Wait, common | voltage_limits))
    sample = draw(_currents(CurrentLimit, [1.0]))
    name, value = sample.given
    sign = draw(st.sampled_from([1.0, -1.0]))
    return Current(**{name: sign * value}, duration=ending.duration, until=ending.until)


steps = st.one_of(
    _ended(Rest, common | voltage_limits),
    _ended(Wait, common | voltage_limits | current_limits),
    _ended(Hold, common | current_limits, voltage=st.none() | finite | round_numbers),
    _driven(),
    st.builds(StepTo, voltage=finite | round_numbers),
    st.tuples(st.none() | finite, finite | round_numbers, magnitudes)
    .filter(lambda t: t[0] != t[1])
    .map(lambda t: Sweep(start=t[0], end=t[1], rate=t[2])),
)


@settings(max_examples=400, deadline=None)
@given(steps)
def test_every_step_survives_writing_and_reading(step):
    sentence = format_step(step)
    again = parse_step(sentence)
    assert again == step
    assert repr(again) == repr(step)  # bit for bit, the sign of 0 included
    assert format_step(again) == sentence


heard = (
    "charge hold rest sweep at for until or to from 1 4.3 V mA/cm2 s C/10 steady Li a|b falls "
    "below -1"
).split()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(heard), max_size=12).map(" ".join))
def test_any_text_is_read_or_refused_with_a_place_inside_it(text):
    place = 0
    try:
        step = parse_step(text)
    except SentenceError as error:
        place = error.position
    else:
        assert parse_step(format_step(step)) == step
    assert 0 <= place <= len(text)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.01, "s", "10 ms"),
        (3600.0, "s", "1 h"),
        (90.0, "s", "90 s"),
        (10 * 1e-6, "s", "10 us"),
        (1e-5, "s", "0.01 ms"),
        (0.1, "V", "0.1 V"),
        (1.0 / 3.0, "V", "0.3333333333333333 V"),
        (1e-30, "V", "1e-30 V"),
        (-0.0, "V", "-0 V"),
        (1.0, "A/m^2", "0.1 mA/cm^2"),
        (1e4 / 3.0, "A/m^2", "3333.3333333333335 A/m^2"),
        (0.25, "1", "0.25"),
        (2.5e3, "ohm*m^2", "2500 ohm*m^2"),
    ],
)
def test_numbers_get_a_readable_unit_only_if_that_is_exact(value, unit, text):
    assert write(value, unit) == text


def test_limits_are_written_as_behind_until():
    assert format_limit(LI) == "Li at active|electrolyte falls below 0.01"
    assert format_limit(CurrentLimit(rate=1 / 3)) == "C/3"
    assert format_limit(CurrentLimit(rate=2)) == "2C"
    assert format_limit(CurrentLimit(rate=1 / 1500)) == "0.0006666666666666666C"


# --- sentences that are refused ---------------------------------------------------------------

REFUSED = [
    # what is written with < > is where the caret points
    ("<>Chrage at 1C until 4 V", ["'Chrage' is not understood", "Did you mean 'charge'?"]),
    ("<>Follow 3 V", ["'Follow' has no sentence", "follow: {times:"]),
    ("Charge<>", ["not complete", "understood: 'Charge'", "'at <current>'"]),
    ("Charge at<>", ["a current is missing", "'0.1 mA/cm^2'", "'C/10'"]),
    ("Charge at <>until 4 V", ["a current is missing"]),
    ("Charge at <>fast", ["'fast' is not a current"]),
    ("Charge at <>1 until 4 V", ["'1' has no unit"]),
    ("Charge at 1 <>V until 4 V", ["wrong unit 'V'", "e.g. 'Charge at 0.1 mA/cm^2 until 4.3 V'"]),
    ("Charge at 1 <>mA / cmm2 for 1 s", ["unknown unit 'mA / cmm2'"]),
    ("Charge at 1 <>mA/ cmm2 for 1 s", ["unknown unit 'mA/ cmm2'"]),
    ("Charge at 1 <>V / cm2 for 1 s", ["wrong unit 'V / cm2'"]),
    ("Charge at 1<>V until 4 V", ["wrong unit 'V'"]),
    ("Charge at 1 <>foo until 4 V", ["unknown unit 'foo'"]),
    ("Charge at <>0 mA until 4 V", ["'0 mA' is not a current", "Rest for <time>"]),
    ("Charge at <>-1 mA until 4 V", ["'-1 mA' is not a current", "'Discharge at ...'"]),
    ("Discharge at <>-C/10 until 4 V", ["'-C/10' is not a current", "'Charge at ...'"]),
    ("Discharge at <>C/0 until 4 V", ["'C/0' is not a current"]),
    ("Charge at 1C<>", ["nothing ends the step", "'for <time>', 'until <limit>'"]),
    ("Charge at 1C <>untl 4 V", ["'untl' is not und", "understood: 'Charge at 1C'", "'until'?"]),
    ("Charge at 1C for 1 h <>until 4 V", ["'until' is not", "allowed here: 'or until <limit>'"]),
    ("Charge at 1C for 1 h or <>for 2 h", ["the duration is given twice", "'until <limit>'"]),
    ("Rest for 1 h or until 4 V or <>for 2 h", ["the duration is given twice"]),
    ("Rest until 4 V or <>or 5 V", ["'or' is not understood", "'for <time>', 'until <limit>'"]),
    ("Charge at 1C for 1 h or <>4 V", ["'4' is not understood", "'until <limit>'"]),
    ("Charge at 1C until 4 V or<>", ["not complete", "'for <time>', 'until <limit>'"]),
    ("Charge at 1C until<>", ["a limit is missing", "'steady'", "falls below <number>"]),
    ("Charge at 1C until <>or 4 V", ["a limit is missing"]),
    ("Charge at 1C until <>1 mA", ["the current is given here", "a limit of the current never"]),
    ("Rest until <>C/10", ["the current is given here"]),
    ("Hold at 4 V until <>5 V", ["the voltage is given here", "a limit of the voltage never"]),
    ("Step to 4 V until <>5 V", ["the voltage is given here"]),
    ("Hold at 4 V until <>-1 uA", ["'-1 uA' is not a limit", "'until steady'"]),
    ("Hold at 4 V until <>stedy", ["'stedy' is not understood", "Did you mean 'steady'?"]),
    ("Hold at 4 V until <>10 s", ["'10 s' is a time", "write 'for 10 s'"]),
    ("Hold at 4 <>A for 1 s", ["wrong unit 'A'", "a voltage ('4.3 V')"]),
    ("Hold<>", ["nothing ends the step", "'at <voltage>', 'for <time>'"]),
    ("Hold at 4 V<>", ["nothing ends the step"]),
    ("Wait<>", ["nothing ends the step"]),
    ("Rest for <>-5 s", ["'-5 s' is no duration", "above 0"]),
    ("Rest for <>0 s", ["'0 s' is no duration"]),
    ("Rest for 5 <>m", ["wrong unit 'm'", "a time ('10 ms')"]),
    ("Rest for 5 <>H", ["wrong unit 'H'"]),
    ("Rest for <>1e999 s", ["not a finite number"]),
    ("Rest for <>1,5 s", ["',5' is not a unit"]),
    ("Rest for 10 ms <>please", ["'please' is not understood", "'or until <limit>'"]),
    ("Rest <>at 1 V for 5 s", ["'at' is not understood", "'for <time>', 'until <limit>'"]),
    ("Step <>0.1 V", ["'0.1' is not understood", "'to <voltage>'"]),
    ("Sweep from 1 V to <>1000 mV at 1 V/s", ["ends where it starts", "two different voltages"]),
    ("Sweep from 1 V to 2 V at <>-1 V/s", ["'-1 V/s' is not a sweep rate", "direction"]),
    ("Sweep from 1 V to 2 V at <>0 V/s", ["'0 V/s' is not a sweep rate"]),
    ("Sweep from 1 V to 2 V<>", ["not complete", "'at <sweep rate>'"]),
    ("Sweep from 1 V <>tp 2 V at 1 V/s", ["'tp' is not understood", "Did you mean 'to'?"]),
    ("Sweep to 1 V at 1 V/s <>until steady", ["'until' is not understood", "the end"]),
    ("Rest until Li at<>", ["not complete", "<region|region>"]),
    ("Rest until Li at <>active falls below 0.1", ["'active' names no interface", "'region|other"]),
    ("Rest until Li at <>a|a falls below 0.1", ["'a|a' names no interface"]),
    ("Rest until Li at <>a| falls below 0.1", ["names no interface"]),
    ("Rest until Li at a|b <>fals below 0.1", ["'fals' is not understood", "mean 'falls'?"]),
    ("Rest until Li at a|b falls below<>", ["a site fraction is missing"]),
    ("Rest until Li at a|b falls below <>2", ["'2' is not a site fraction", "between 0 and 1"]),
    ("Rest until Li at a|b falls below 0.1 <>V", ["'V' is not understood", "'or for <time>'"]),
]  # fmt: skip


@pytest.mark.parametrize(("marked", "parts"), REFUSED)
def test_mistakes_are_shown_with_a_caret_and_advice(marked, parts):
    sentence = marked.replace("<>", "", 1)
    with pytest.raises(SentenceError) as caught:
        parse_step(sentence)
    message = str(caught.value)
    for part in parts:
        assert part in message
    assert caught.value.position == marked.index("<>")
    lines = message.splitlines()
    assert lines[1:3] == [f"    {sentence}", "    " + " " * marked.index("<>") + "^"]
    assert caught.value.text == sentence


def test_the_whole_message_reads_well():
    with pytest.raises(SentenceError) as caught:
        parse_step("  Charge at 0.1 mA/cm2 untl 4.3 V")
    assert str(caught.value).splitlines() == [
        "'untl' is not understood",
        "    Charge at 0.1 mA/cm2 untl 4.3 V",
        "                         ^",
        "  understood: 'Charge at 0.1 mA/cm2'; allowed here: 'for <time>', 'until <limit>'. "
        "Did you mean 'until'?",
        "  e.g. 'Charge at 0.1 mA/cm^2 until 4.3 V'",
    ]


@pytest.mark.parametrize(("text", "part"), [("", "is empty"), (" .", "is empty"), (3, "no sent")])
def test_no_sentence_at_all_is_refused(text, part):
    with pytest.raises(InputError, match=part):
        parse_step(text)


# --- steps made in Python ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rest(), "Rest: nothing ends the step; give a duration or a limit"),
        (lambda: Wait(until=[]), "nothing ends the step"),
        (lambda: Rest(duration="-1 s"), "Rest.duration: '-1 s' is too small; .* above 0"),
        (lambda: Rest(duration=math.inf), "not a finite number"),
        (lambda: Current(duration=1), "no current is given; expected one of density, rate"),
        (lambda: Current(density=1, rate=1, duration=1), "density and rate are given"),
        (lambda: Current(density=0, duration=1), "the current is 0; .* is a rest"),
        (lambda: Current(rate="C/x", duration=1), "'C/x' is not a C-rate; .* 'C/10'"),
        (lambda: Current(rate="C/0", duration=1), "divides by zero"),
        (lambda: Current(rate=math.nan, duration=1), "not a finite number"),
        (lambda: Current(density="1 V", duration=1), "wrong unit 'V'; expected a current density"),
        (lambda: CurrentLimit(density=-1), "a magnitude above 0"),
        (lambda: Current(rate=1, until=[CurrentLimit(rate=1)]), "until.0: the current is given"),
        (lambda: Rest(until=[Steady(), CurrentLimit(rate=1)]), "until.1: the current is given"),
        (lambda: Hold(until=[VoltageLimit(voltage=1)]), "until.0: the voltage is given"),
        (lambda: Sweep(start=1, end="1000 mV", rate=1), "Sweep.end: the sweep ends where it st"),
        (lambda: Sweep(end=1, rate=0), "'0' is too small; the sweep rate must be above 0"),
        (lambda: Depletion(carrier="Li", interface="a", below=0.1), "names no interface"),
        (lambda: Depletion(carrier="", interface="a|b", below=0.1), "Depletion.carrier"),
        (lambda: Depletion(carrier="Li", interface="a|b", below=1), "must be below 1"),
        (lambda: Follow(times=[0, 1]), "nothing to follow; give either voltage or current_dens"),
        (lambda: Follow(times=[0, 1], voltage=[0, 1], current_density=[0, 1]), "two things to"),
        (lambda: Follow(times=[0, 1], voltage=[0]), "1 values for 2 times; one each"),
        (lambda: Follow(times=[0, 1], current_density=[0, 1, 2]), "3 values for 2 times"),
        (lambda: Follow(times=[0], voltage=[0]), "too few times"),
        (lambda: Follow(times=[1, 2], voltage=[0, 1]), "the first time is 1 s; times start at 0"),
        (lambda: Follow(times=[0, 2, 1], voltage=[0, 1, 2]), "times.2: time 3 .* after 2 s; times"),
        (lambda: Follow(times=[0, 2, 2], voltage=[0, 1, 2]), "times.2: time 3 "),
        (lambda: Follow(times=[-1, 0], voltage=[0, 1]), "'-1' is too small"),
        (lambda: Hold(volage=3, duration=1), "no key 'volage'.*Did you mean 'voltage'"),
    ],
)
def test_nonsense_in_python_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_the_given_form_of_a_current_is_kept_and_its_total_follows():
    assert Current(rate="-C/10", duration=1).given == ("rate", -0.1)
    assert Current(density=2, duration=1).total(3.0) == 6.0
    assert Current(current_per_depth=-2, duration=1).total(3.0) == -2.0
    assert Current(current="1 uA", duration=1).total(3.0) == 1e-6
    # 1 mAh/cm2 = 36 kC/m2 within ten hours through 3 m
    assert Current(rate="C/10", duration=1).total(3.0, capacity=36e3) == pytest.approx(3.0)
    with pytest.raises(InputError, match="needs the capacity"):
        CurrentLimit(rate=1).total(1.0)


def test_what_a_step_controls_is_known():
    found = [parse_step(sentence).control for sentence, _ in SENTENCES]
    assert set(found) == {"voltage", "current", None}
    assert parse_step("Wait for 1 s").control is None
    assert parse_step("Rest for 1 s").control == "current"
    assert Follow(times=[0, 1], voltage=[0, 1]).control == "voltage"
    assert Follow(times=[0, 1], current_density=[0, 1]).control == "current"


# --- protocols --------------------------------------------------------------------------------


def test_a_protocol_takes_sentences_lines_steps_mappings_and_lists_of_them():
    follow = {"follow": {"times": [0, "1 s"], "voltage": ["0 V", 1]}}
    protocol = Protocol(
        [
            "Rest for 1 s",
            ["Charge at 1C for 1 h", ("Hold for 1 s\n\n  Wait until steady",)] * 2,
            StepTo(voltage=1),
            follow,
            {"kind": "rest", "duration": "1 ms"},
        ],
        cycles=3,
    )
    assert protocol.cycles == 3
    assert protocol.sentences == (
        "Rest for 1 s",
        *["Charge at 1C for 1 h", "Hold for 1 s", "Wait until steady"] * 2,
        "Step to 1 V",
        "Follow the voltage given at 2 times for 1 s",
        "Rest for 1 ms",
    )
    assert Protocol("Rest for 1 s\nHold for 1 s") == Protocol(["Rest for 1 s", "Hold for 1 s"])
    assert Protocol(protocol.steps, cycles=3) == protocol
    assert Protocol.model_validate(protocol.model_dump()) == protocol


def test_mistakes_in_a_protocol_are_all_reported_with_their_places():
    with pytest.raises(InputError) as caught:
        Protocol(["Rest for 1 s", ["Chrage at 1C", "Hold for 3 s\n\n   Wait untl steady"]])
    lines = str(caught.value).splitlines()
    assert lines[:3] == [
        "Protocol.steps.1.0: 'Chrage' is not understood",
        "    Chrage at 1C",
        "    ^",
    ]
    assert lines[5:8] == [
        "Protocol.steps.1.1: 'untl' is not understood",
        "    Wait untl steady",
        "         ^",
    ]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], "Protocol.steps: the protocol is empty; expected a list of sentences"),
        ("\n  \n", "the protocol is empty"),
        ([[], []], "the protocol is empty"),
        (3, "'3' is no protocol"),
        (None, "'None' is no protocol"),
        ([None], "Protocol.steps.0: 'None' is no step; write a sentence"),
        ([{"folow": {}}], "steps.0: no choice 'folow'; .* Did you mean 'follow'"),
        ([{"rest": {}}], "Protocol.steps.0.rest: nothing ends the step"),
        ([{"rest": {"durtion": 1}}], "steps.0.rest.durtion: no key 'durtion'.* 'duration'"),
        ([{"duration": 1}], "steps.0: "),
        ([{"follow": 3}], "steps.0: "),
        (["Rest for 1 s", "Wait until 1 uA"], "steps.1: the current is given by the step before"),
        (["Wait until 1 V"], "steps.0: the voltage is given by the step before"),
        (
            [Rest(duration=1), Wait(duration=1), Wait(until=[CurrentLimit(rate=1)])],
            "steps.2: the current is given by the step before",
        ),
    ],
)
def test_protocols_that_are_none_are_refused(steps, message):
    with pytest.raises(InputError, match=message):
        Protocol(steps)


def test_a_wait_may_end_at_what_is_not_controlled():
    Protocol(["Wait until 1 uA", "Rest for 1 s", "Wait for 1 s", "Wait until 1 V"])


@pytest.mark.parametrize("cycles", [0, -1, 1.5, "many"])
def test_cycles_are_a_positive_whole_number(cycles):
    with pytest.raises(InputError, match=r"Protocol\.cycles"):
        Protocol(["Rest for 1 s"], cycles=cycles)


def test_schema_of_a_protocol_is_json():
    schema = Protocol.model_json_schema()
    assert schema["properties"]["steps"]["anyOf"][0] == {"type": "string"}
