"""Units: every quantity converts, every wrong dimension is refused with an example."""

import math
import subprocess
import sys

import numpy as np
import pint
import pytest
from approx import relative
from pydantic import TypeAdapter, ValidationError

from pyscl import units
from pyscl.errors import InputError
from pyscl.units import (
    AVOGADRO,
    ELEMENTARY_CHARGE,
    QUANTITIES,
    AreaResistance,
    Conductivity,
    Density,
    Duration,
    Fraction,
    Length,
    Share,
    Temperature,
    Time,
    parse,
    write,
)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("10 nm", "m", 1e-8),
        ("5 μm", "m", 5e-6),
        ("2 Å", "m", 2e-10),
        ("0.3 mS/cm", "S/m", 0.03),
        ("2 S cm-1", "S/m", 200.0),
        ("1e-8 cm2/s", "m^2/s", 1e-12),
        ("1e-8 cm²/s", "m^2/s", 1e-12),
        ("1e21 1/cm^3", "1/m^3", 1e27),
        ("1e21 cm-3", "1/m^3", 1e27),
        ("3 /nm^3", "1/m^3", 3e27),
        ("1 mol/l", "1/m^3", 1000.0 * AVOGADRO),
        ("63104 mol/m^3", "1/m^3", 63104.0 * AVOGADRO),
        ("0.1 eV", "eV", 0.1),
        ("96.48533212331 kJ/mol", "eV", 1.0),
        ("1.602176634e-19 J", "eV", 1.0),
        ("25 degC", "K", 298.15),
        ("-20 °C", "K", 253.15),
        ("300 K", "K", 300.0),
        ("2 uC/cm^2", "C/m^2", 0.02),
        ("-10 mV", "V", -0.01),
        ("3e-9 mol/m", "mol/m", 3e-9),
        ("12 %", "1", 0.12),
        ("0.1 mA cm-2", "A/m^2", 1.0),
        ("1 mAh/cm2", "A*s/m^2", 36e3),
        ("1 C/m^2", "A*s/m^2", 1.0),
        ("10 Ω cm²", "ohm*m^2", 1e-3),
        ("10 uF/cm^2", "F/m^2", 0.1),
        ("6 V/min", "V/s", 0.1),
        ("1 kHz", "1/s", 1000.0),
        ("1e3", "1", 1000.0),
    ],
)
def test_texts_convert(text, unit, expected):
    assert parse(text, unit) == pytest.approx(expected, rel=1e-12)


def test_energy_per_mole_is_avogadro_times_charge():
    assert parse("1 J/mol", "eV") == pytest.approx(1.0 / (AVOGADRO * ELEMENTARY_CHARGE), rel=1e-12)


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=QUANTITIES)
def test_every_example_is_accepted(quantity):
    assert math.isfinite(parse(quantity.example, quantity.unit, require_units=True))


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=QUANTITIES)
def test_every_quantity_refuses_a_wrong_dimension(quantity):
    with pytest.raises(InputError, match="wrong unit 'kg'") as caught:
        parse("3 kg", quantity.unit)
    assert quantity.noun in str(caught.value)
    assert f"e.g. '{quantity.example}'" in str(caught.value)


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.int64(3)])
def test_numbers_are_taken_as_si(value):
    assert parse(value, "V") == 3.0


@pytest.mark.parametrize("value", [3, 3.0, "3"])
def test_bare_numbers_are_refused_where_units_are_required(value):
    with pytest.raises(InputError, match=r"has no unit; expected a potential, e\.g\. '10 mV'"):
        parse(value, "V", require_units=True)


@pytest.mark.parametrize(
    "text",
    ["", "V", "nan V", "inf V", "1e999 V", "3 foo", "2 3 V", "5 mV - 3 mV", "1 V; x", "1,5 V"],
)
def test_nonsense_is_refused_with_the_text_in_the_message(text):
    with pytest.raises(InputError, match=r"expected a potential, e\.g\. '10 mV'"):
        parse(text, "V")


@pytest.mark.parametrize("value", [True, None, [1.0], {"a": 1}])
def test_values_that_are_no_numbers_are_refused(value):
    with pytest.raises(InputError, match="expected a potential"):
        parse(value, "V")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_non_finite_numbers_are_refused(value):
    with pytest.raises(InputError, match="not a finite number"):
        parse(value, "V")


def test_annotated_types_convert_and_check_bounds():
    assert TypeAdapter(Length).validate_python("3 nm") == pytest.approx(3e-9)
    for kind, value, word in [
        (Temperature, "-300 degC", "above 0"),
        (Density, "-1 1/nm^3", "above 0"),
        (Conductivity, 0.0, "above 0"),
        (Fraction, 1.0, "below 1"),
        (Share, 1.01, "at most 1"),
        (Duration, 0.0, "above 0"),
        (AreaResistance, "-1 ohm*m^2", "above 0"),
    ]:
        with pytest.raises(ValidationError, match=word):
            TypeAdapter(kind).validate_python(value)


def test_inclusive_bounds_are_allowed():
    for kind, value in [(Share, 0.0), (Share, 1.0), (Time, 0.0)]:
        assert TypeAdapter(kind).validate_python(value) == value


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=QUANTITIES)
@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 1.0 / 3.0, 1.2e-7, 5e-324, 1.7e308])
def test_written_values_are_read_back_exactly(quantity, value):
    assert parse(write(value, quantity.unit), quantity.unit, require_units=True) == value


def test_context_requires_units_in_annotated_types():
    adapter = TypeAdapter(Length)
    assert adapter.validate_python(3) == 3.0
    with pytest.raises(ValidationError, match="has no unit"):
        adapter.validate_python(3, context={"require_units": True})


def test_schema_of_a_quantity_is_a_text_with_an_example():
    schema = TypeAdapter(Conductivity).json_schema()
    assert schema["type"] == "string"
    assert schema["examples"] == ["0.3 mS/cm"]


def test_units_of_protocols_are_what_pint_says():
    registry = pint.UnitRegistry()
    for unit, names in units._READABLE.items():
        for name, factor in names.items():
            assert registry.Quantity(1.0, name).to(unit).magnitude == relative(factor, 1e-15)


def test_pint_is_not_imported_before_it_is_needed():
    code = (
        "import sys, pyscl.materials, pyscl.input, pyscl.protocol as p; "
        "p.format_step(p.parse_step('Charge at 1 mA/cm^2 for 5 min or until 0.1 mV')); "
        "print(sorted({'pint', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
