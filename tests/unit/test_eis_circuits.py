"""Equivalent circuits: strings, named circuits against closed forms, units, mistakes."""

import sys

import numpy as np
import pytest

from pyscl import InputError
from pyscl.eis import CIRCUITS, circuits, find_circuit, parse_circuit

FREQUENCIES = np.logspace(-2, 7, 46)
S = 2j * np.pi * FREQUENCIES


def beside(*branches):
    return 1.0 / sum(1.0 / branch for branch in branches)


def wall(resistance, z):
    """Line of resistance R with the wall impedance z."""
    return np.sqrt(resistance * z) / np.tanh(np.sqrt(resistance / z))


ROOT = np.sqrt(S * 0.5)  # diffusion time 0.5 s
CLOSED_FORMS = {
    "R-RC": ((10, 100, 1e-6), 10 + 100 / (1 + S * 1e-4)),
    "R-RC-RC": ((10, 100, 1e-6, 50, 1e-4), 10 + 100 / (1 + S * 1e-4) + 50 / (1 + S * 5e-3)),
    "R-RCPE": ((10, 100, 1e-5, 0.8), 10 + 100 / (1 + 1e-3 * S**0.8)),
    "Randles": ((10, 100, 1e-6), 10 + 100 / (1 + S * 1e-4)),
    "Randles-Warburg": (
        (10, 100, 30, 1e-6),
        10 + beside(100 + 30 * np.sqrt(2) / np.sqrt(S), 1 / (1e-6 * S)),
    ),
    "Randles-Warburg reflecting": (
        (10, 100, 40, 0.5, 1e-6),
        10 + beside(100 + 40 / (ROOT * np.tanh(ROOT)), 1 / (1e-6 * S)),
    ),
    "Randles-Warburg transmitting": (
        (10, 100, 40, 0.5, 1e-6),
        10 + beside(100 + 40 * np.tanh(ROOT) / ROOT, 1 / (1e-6 * S)),
    ),
    "blocking cell": ((100, 1e-9, 1e-6), 100 / (1 + S * 1e-7) + 1 / (1e-6 * S)),
    "blocking cell with CPE": (
        (100, 1e-9, 1e-6, 0.9),
        100 / (1 + S * 1e-7) + 1 / (1e-6 * S**0.9),
    ),
    "blocking cell with layer resistance": (
        (100, 1e-9, 40, 1e-6, 1e-4, 0.9),
        100 / (1 + S * 1e-7) + 40 / (1 + S * 4e-5) + 1 / (1e-4 * S**0.9),
    ),
    "blocking cell with polarization": (
        (100, 1e-9, 40, 1e-6, 1e4),
        100 / (1 + S * 1e-7) + beside(40 + 1 / (1e-6 * S), 1e4),
    ),
    "transmission line": ((10, 100, 1e-3, 0.9), 10 + wall(100, 1 / (1e-3 * S**0.9))),
    # R_ion = 100, R_ct = 400, C = 1e-4
    "transmission line with transfer": (
        (10, 200, 0.04, 0.5),
        10 + wall(100, beside(400, 1 / (1e-4 * S))),
    ),
}


@pytest.mark.parametrize("name", CIRCUITS)
def test_named_circuit_has_its_closed_form(name):
    values, expected = CLOSED_FORMS[name]
    z = CIRCUITS[name].impedance(FREQUENCIES, values)
    assert abs(z / expected - 1.0).max() < 1e-13
    assert CIRCUITS[name].meaning


@pytest.mark.parametrize("name", CIRCUITS)
def test_named_circuit_is_what_impedance_py_reads(name):
    from impedance.models.circuits import CustomCircuit

    values, expected = CLOSED_FORMS[name]
    other = CustomCircuit(CIRCUITS[name].string, initial_guess=[float(v) for v in values])
    with pytest.warns(UserWarning, match="based on initial parameters"):
        z = other.predict(FREQUENCIES)
    assert abs(z / expected - 1.0).max() < 1e-12


def test_elements_have_the_numbers_of_impedance_py():
    functions = circuits._element_functions()
    for element, kinds in circuits._ELEMENTS.items():
        assert functions[element].num_params == len(kinds.split())


def test_values_are_taken_by_name_or_in_order():
    circuit = find_circuit("R-RC")
    by_name = circuit.impedance(FREQUENCIES, {"C_1": 1e-6, "R_1": 100, "R_0": 10})
    assert (by_name == circuit.impedance(FREQUENCIES, [10, 100, 1e-6])).all()
    assert parse_circuit("R0 - p(R1, CPE12)").names == ("R0", "R1", "CPE12_0", "CPE12_1")
    assert find_circuit(circuit) is circuit


def test_nested_connections():
    circuit = parse_circuit("p(R1-p(R2,R3),R4)-R5")
    z = circuit.impedance(FREQUENCIES, [1.0, 4.0, 4.0, 3.0, 7.0])
    assert z == pytest.approx(8.5, rel=1e-15)
    assert parse_circuit("R1").impedance(FREQUENCIES, [2.0]) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("Ohm", ["Ohm", "H", "Ohm s^-1/2", "Ohm", "s", "S s^a", "1", "F"]),
        ("Ohm m", ["Ohm m", "H m", "Ohm m s^-1/2", "Ohm m", "s", "S/m s^a", "1", "F/m"]),
        (
            "Ohm m^2",
            [*"Ohm m^2|H m^2|Ohm m^2 s^-1/2|Ohm m^2|s|S/m^2 s^a|1|F/m^2".split("|")],
        ),
    ],
)
def test_units_follow_that_of_the_impedance(unit, expected):
    circuit = parse_circuit("R0-L0-W0-Ws0-CPE0-C0")
    assert [parameter.unit(unit) for parameter in circuit.parameters] == expected


@pytest.mark.parametrize(
    ("string", "message"),
    [
        ("R0-p(R1,C1", "'\\)' or ',' is missing"),
        ("R0-", "an element, such as R1"),
        ("R0-X1", "there is no element X; use R, C,"),
        ("R0-R0", "R0 stands twice"),
        ("R0-p(R1)", "at least two branches"),
        ("R0)", "should end here"),
        ("R0+C1", "should end here"),
        ("R0-p(R1,C)", "an element, such as R1"),
        ("Randels", "Did you mean 'Randles'"),
        ("__import__('os').system('x1')", "is no circuit"),
    ],
)
def test_mistakes_in_a_circuit_are_shown(string, message):
    with pytest.raises(InputError, match=message):
        find_circuit(string)


@pytest.mark.parametrize("thing", [None, 5, ["R0", "R1"], ()])
def test_what_is_no_circuit_is_refused(thing):
    with pytest.raises(InputError, match=r"the circuit is .*; give a name \(R-RC, .*R0-p\(R1,C1\)"):
        find_circuit(thing)


def test_arcs_are_not_named_after_what_only_the_user_knows():
    """The faster arc may be the bulk or a layer."""
    circuit = find_circuit("blocking cell with layer resistance")
    assert circuit.names == ("R_1", "C_1", "R_2", "C_2", "Q_contact", "a_contact")
    assert "the faster one first" in circuit.meaning


def test_the_place_of_a_mistake_is_marked():
    with pytest.raises(InputError, match=r"\n    R0-p\(R1,X1\)\n {12}\^\n"):
        find_circuit("R0-p(R1,X1)")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 2.0], "2 values for the 4 parameters of R0-p\\(R1,CPE1\\)"),
        ({"R_0": 1.0, "R_1": 1.0, "Q_1": 1.0}, "no value for a_1"),
        ({"R0": 1.0}, "no parameter 'R0' in R0-p.*Did you mean 'R_0'"),
        ([1.0, -1.0, 1.0, 0.9], "R_1 = -1; it has to be positive"),
        ([1.0, 1.0, 1.0, 1.1], r"a_1 = 1.1; it has to be in \(0, 1\]"),
    ],
)
def test_impossible_values_are_refused(values, message):
    with pytest.raises(InputError, match=message):
        CIRCUITS["R-RCPE"].impedance(FREQUENCIES, values)


def test_missing_package_is_named_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "impedance.models.circuits.elements", None)
    circuits._element_functions.cache_clear()
    with pytest.raises(InputError, match=r"pip install 'impedance>=1\.7\.1'"):
        CIRCUITS["R-RC"].impedance(FREQUENCIES, [1.0, 1.0, 1.0])
