"""Spectra: which frequencies, which contacts, what is refused, tables and files."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from models import (
    KT,
    NM,
    T,
    blocking_cell,
    conductor,
    slab_between_reservoirs,
    three_contacts,
    two_conductors,
)

from pyscl import (
    BlockingContact,
    ContactResistance,
    InputError,
    Interface,
    Model,
    ReservoirContact,
    SpectrumOptions,
    TransientOptions,
)
from pyscl.bench.solving import charged_composite
from pyscl.mesh import strip
from pyscl.spectrum import Contribution, Spectrum
from pyscl.study.impedance import Drive, LinearizedModel
from pyscl.study.impedance.drive import check_drive
from pyscl.study.impedance.frequencies import lowest_frequency, parse_frequencies, unresolved
from pyscl.study.static_response import static_response
from pyscl.verification.impedance_setups import insertion_cell

# Frequencies.


def test_a_pair_is_a_range_and_a_list_is_taken_as_it_is():
    """Numbers in Hz or texts; lists are sorted."""
    assert parse_frequencies(("10 mHz", "2 MHz")) == relative((1e-2, 2e6), 1e-15)
    assert parse_frequencies(["1 kHz", 10.0]).tolist() == [10.0, 1000.0]
    assert parse_frequencies(np.array([3.0, 1.0])).tolist() == [1.0, 3.0]
    assert parse_frequencies(5.0).tolist() == [5.0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            0.0,
            "not 0 Hz; at 0 Hz the resistance is that of a steady state",
        ),
        ([-1.0, 2.0], "not -1 Hz"),
        ([1e300], "at most 1e.30 Hz"),
        ([np.nan], "not a finite number"),
        (["1 kHz", "5 s"], "Hz"),
        ([1 + 2j], "Hz"),
        (("1 kHz", "1 Hz"), "from 1000 to 1 Hz is empty"),
        ([1.0, 2.0, 1.0], "1 Hz is given twice"),
        ([], "empty"),
    ],
)
def test_frequencies_without_meaning_are_refused(given, says):
    """Before anything is computed."""
    with pytest.raises(InputError, match=says):
        parse_frequencies(given)


def test_range_is_sampled_until_the_spectrum_is_resolved():
    """Interpolation in ln f between the points is as good as the tolerance says."""
    state = blocking_cell().equilibrium()
    sampled = state.impedance((1e3, 1e9), options=SpectrumOptions(tolerance=1e-3))
    f = np.sqrt(sampled.frequencies[1:] * sampled.frequencies[:-1])
    between = state.impedance(f).impedance
    from scipy.interpolate import CubicSpline

    spline = CubicSpline(np.log(sampled.frequencies), np.log(sampled.impedance))(np.log(f))
    assert np.abs(spline - np.log(between)).max() < 1e-3
    assert sampled.warnings == ()
    coarse = state.impedance((1e3, 1e9), options=SpectrumOptions(tolerance=0.1))
    assert len(coarse.frequencies) < len(sampled.frequencies)


def test_most_points_are_a_limit():
    """A tolerance that cannot be met ends at max_points."""
    options = SpectrumOptions(tolerance=1e-9, max_points=25)
    assert (
        len(blocking_cell().equilibrium().impedance((1e3, 1e9), options=options).frequencies) == 25
    )


def test_only_intervals_that_are_not_smooth_are_halved():
    """A power law needs no points beside those it has."""
    f = np.geomspace(1.0, 1e6, 19)
    law = {x: 1.0 / (2j * np.pi * x) ** 0.5 for x in f}
    assert unresolved(law, 1e-3) == []
    arc = {x: 1.0 / (1.0 + 1j * x / 1e3) for x in f}
    wanted = unresolved(arc, 1e-4)
    assert wanted
    assert 1e3 in np.round(wanted, -3) or min(abs(np.log10(wanted) - 3.0)) < 0.5


@pytest.mark.parametrize(
    ("impedance", "end"),
    [
        (lambda f: 2.0 + 1.0 / (1.0 + 1j * f / 1e4), 1e4),
        (lambda f: 3.0 + 1e5 / (1j * f) + 1.0 / (1.0 + 1j * f / 1e2), 1e2),
        (lambda f: 1.0 / (1.0 + 1j * f / 10.0) + 5.0 / (1.0 + 1j * f / 1e7), 10.0),
    ],
    ids=["arc", "blocking", "two arcs with a plateau of five decades"],
)
def test_spectrum_begins_where_the_low_frequency_limit_ends(impedance, end):
    """Two to four decades below the slowest process: one of the search, the rest the tolerance."""
    low, reached = lowest_frequency(impedance, 1e9, 1e-3)
    assert reached
    assert end * 10**-4.0 <= low <= end * 10**-1.5


def test_a_process_without_end_is_said_to_be_on_its_way():
    """Diffusion that is slower than the lowest frequency of all."""
    low, reached = lowest_frequency(lambda f: 1.0 / np.sqrt(1j * f), 1e9, 1e-3)
    assert low == relative(1e-9, 1e-12)
    assert not reached


def test_range_without_input_covers_all_processes():
    """From the limit R + 1/(i w C) to a decade above the dielectric relaxation."""
    spectrum = blocking_cell().equilibrium().impedance()
    bulk, permittivity = 1e-2, 10.0 * 8.8541878128e-12
    assert spectrum.frequencies[-1] == relative(10.0 * bulk / permittivity / (2 * np.pi), 1e-9)
    static = static_response(spectrum.solution, "left").capacitance
    reactance = -spectrum.impedance.imag[0] * spectrum.angular_frequencies[0]
    assert 1.0 / reactance == relative(static, 1e-3)


# Contacts.


def test_a_wide_range_begins_with_no_more_than_the_most_points():
    """The first grid is capped, too."""
    options = SpectrumOptions(points_per_decade=50, max_points=20)
    assert (
        len(blocking_cell().equilibrium().impedance((1.0, 1e9), options=options).frequencies) == 20
    )


def test_two_contacts_need_no_names_and_units_are_per_depth():
    """The first contact against the second; area-specific is free of the width."""
    narrow = slab_between_reservoirs(0.0).equilibrium().impedance([1e3])
    assert (narrow.contact, narrow.reference, narrow.unit) == ("left", "right", "Ohm m")
    bulk = 20 * NM / 1e-2
    assert narrow.area_specific[0].real == relative(bulk, 1e-7)
    assert narrow.impedance * narrow.area == relative(narrow.area_specific, 1e-15)
    assert narrow.admittance * narrow.impedance == relative(np.ones(1), 1e-15)
    assert "left against right" in repr(narrow)


def test_open_contacts_carry_no_current_and_held_ones_do():
    """Three terminals: the network of the admittance matrix, reduced by hand."""
    state = three_contacts().equilibrium()
    f = 1e5
    linearized = LinearizedModel(state)
    y = linearized.admittance(f)
    a, b, c = (linearized.contacts.index(name) for name in ("left", "right", "top"))
    held = state.impedance([f], contact="left", reference="right").impedance[0]
    assert held == relative(1.0 / y[a, a], 1e-12)
    opened = state.impedance([f], contact="left", reference="right", open_contacts=["top"])
    reduced = y[a, a] - y[a, c] * y[c, a] / y[c, c]
    assert opened.impedance[0] == relative(1.0 / reduced, 1e-12)
    probe = state.impedance([f], contact="left", reference="top", open_contacts=["top"])
    at_probe = -y[c, a] / y[c, c]
    assert probe.impedance[0] == relative((1.0 - at_probe) / reduced, 1e-12)
    assert probe.contributions == ()
    assert b != a


@pytest.mark.parametrize(
    ("drive", "says"),
    [
        ({"contact": "lift"}, "'lift'.*left"),
        ({"contact": "left", "reference": "bottom"}, "bottom"),
        ({"contact": "left", "reference": "left"}, "its own reference"),
        ({"contact": "left", "open_contacts": ["left"]}, "driven and open at once"),
        ({"contact": "left", "open_contacts": ["right", "top"]}, "no contact is left to carry"),
        ({}, "name the contact"),
    ],
)
def test_drives_without_meaning_are_refused(drive, says):
    """The message names the contact."""
    with pytest.raises(InputError, match=says):
        three_contacts().equilibrium().impedance([1e3], **drive)


def test_blocking_contact_without_potential_cannot_be_driven():
    """It has no voltage; the message lists the contacts that have one."""
    mesh = strip(np.linspace(0.0, 10.0, 11) * NM)
    contacts = {
        "left": ReservoirContact(carrier="Li", potential="neutral"),
        "right": BlockingContact(surface_charge=0.0),
    }
    model = Model(mesh, {"electrolyte": conductor()}, contacts=contacts, temperature=T)
    with pytest.raises(InputError, match=r"'right' is blocking.*contacts with a voltage: left"):
        model.equilibrium().impedance([1e3], contact="right")


def test_a_single_held_contact_is_not_enough():
    """The current has to leave somewhere."""
    state = blocking_cell().equilibrium()
    with pytest.raises(InputError, match="no contact is left"):
        check_drive(state.model, Drive("left", None, ("right",)))


# States.


def test_unconverged_state_is_refused():
    """There is nothing to linearise around."""
    state = blocking_cell().equilibrium()
    state.history = replace(state.history, converged=False)
    with pytest.raises(InputError, match="equilibrium state did not converge"):
        state.impedance([1e3])


def test_state_that_still_moves_is_refused_at_low_frequencies_only():
    """During its charging a cell drifts; far above the drift it has a spectrum."""
    model = blocking_cell()
    tau = 0.5 * NM * 20 * NM / (1e-2 * (0.5 * NM) ** 2 / (10 * 8.854e-12))  # lambda L / D
    trajectory = model.transient(
        ["Step to 0.1 V", f"Wait for {0.3 * tau} s"],
        contact="left",
        options=TransientOptions(save="steps"),
    )
    with pytest.raises(InputError, match=r"not steady: 'mu_Li' at .* lowest frequency \(1 Hz\)"):
        trajectory.final.impedance([1.0, 1e3], contact="left")
    fast = trajectory.final.impedance([1e6 / tau], contact="left")
    assert fast.impedance.imag[0] < 0.0


def test_state_at_rest_after_charging_has_the_spectrum_of_its_bias():
    """The end of a transient is as good as the steady state it tends to."""
    model = blocking_cell()
    trajectory = model.transient(["Step to 0.1 V", "Wait until steady"], contact="left")
    f = [1e4, 1e6]
    rested = trajectory.final.impedance(f, contact="left").impedance
    steady = model.steady({"left": 0.1}).impedance(f, contact="left").impedance
    assert np.abs(rested / steady - 1.0).max() < 1e-3


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"tolerance": 0.0}, "tolerance"),
        ({"tolerance": 1.0}, "tolerance"),
        ({"points_per_decade": 0}, "whole number from 1"),
        ({"max_points": 2}, "whole number from 3"),
        ({"workers": 0}, "workers"),
        ({"workers": 1.5}, "workers"),
        ({"points_per_decade": np.nan}, "points_per_decade"),
    ],
)
def test_options_without_meaning_are_refused(values, says):
    """Before any work."""
    with pytest.raises(InputError, match=says):
        SpectrumOptions(**values)


# Parts and tables.


def test_parts_of_two_conductors_are_bulks_layers_and_transfer():
    """The bulks are L/(sigma + i w eps), the resistance of the interface is its own part."""
    resistance = 3e-6
    model = two_conductors(
        interfaces={"a|b": Interface(kinetics={"Li": ContactResistance(resistance=resistance)})}
    )
    spectrum = model.equilibrium().impedance([1.0], contact="left")
    assert spectrum.contribution("bulk", "a").values[0].real * spectrum.area == relative(
        10 * NM / 1e-2, 1e-6
    )
    transfer = spectrum.contribution("transfer", "a|b").values * spectrum.area
    assert transfer[0].real == relative(resistance, 1e-6)
    layers = spectrum.contribution("layer", "a|b").values * spectrum.area
    (place,) = [p for p in spectrum.places if p.name == "a|b"]
    assert place.resistance == relative((transfer + layers)[0].real, 1e-12)
    split = spectrum.resistances
    assert split.transfer == relative(resistance, 1e-6)
    assert split.total == relative(spectrum.area_specific[0].real, 1e-9)
    with pytest.raises(InputError, match=r"no contribution 'bulk c'. Allowed: .*bulk a"):
        spectrum.contribution("bulk", "c")


def test_arc_of_an_interface_gives_its_resistance_and_capacitance():
    """A resistance across a compact layer: R and C come from the fields, without a fit."""
    resistance, capacitance = 1e-3, 0.05
    law = Interface(
        kinetics={"Li": ContactResistance(resistance=resistance)}, compact_capacitance=capacitance
    )
    model = two_conductors(step=0.0, interfaces={"a|b": law})
    model = Model(
        model.mesh,
        {"a": conductor(), "b": conductor()},
        contacts={
            side: ReservoirContact(carrier="Li", potential="neutral") for side in ("left", "right")
        },
        interfaces={"a|b": law},
        temperature=T,
    )
    spectrum = model.equilibrium().impedance()
    (place,) = [p for p in spectrum.places if p.name == "a|b"]
    layers = 10 * 8.8541878128e-12 / (0.5 * NM)  # two diffuse layers in series with it
    total = 1.0 / (1.0 / capacitance + 2.0 / layers)
    assert place.resistance == relative(resistance, 1e-3)
    assert place.frequency == relative(1.0 / (2 * np.pi * resistance * total), 0.5)
    assert place.capacitance == relative(total, 0.05)


def test_table_of_a_spectrum_has_its_parts(tmp_path):
    """One line per frequency; the parts add up to Z in the file, too."""
    spectrum = two_conductors(5 * KT).equilibrium().impedance([1e3, 1e6], contact="left")
    spectrum.write_csv(tmp_path / "z.csv")
    with open(tmp_path / "z.csv", encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    assert head[:3] == ["frequency [Hz]", "Re Z [Ohm m]", "Im Z [Ohm m]"]
    values = np.array(rows, float)
    assert values[:, 0] == relative([1e3, 1e6], 1e-12)
    assert values[:, 3::2].sum(axis=1) == relative(values[:, 1], 1e-9)
    assert values[:, 4::2].sum(axis=1) == relative(values[:, 2], 1e-6)


def spectrum_of(parts):
    """Return a spectrum of two conductors with the given parts beside a bulk of 1 Ohm m."""
    f = np.geomspace(1.0, 1e6, 31)
    state = two_conductors(0.0).equilibrium()
    contributions = (
        Contribution("bulk", "a", np.full(31, 1.0 + 0j)),
        *(Contribution(kind, "a|b", its(f)) for kind, its in parts),
    )
    return Spectrum(
        state, "left", "right", (), f, contributions[0].values, "Ohm m", 2.0, contributions
    )


def arc(resistance, frequency):
    """Return the impedance of a resistance beside a capacitance."""
    return lambda f: resistance / (1.0 + 1j * f / frequency)


def test_capacitance_of_a_part_is_that_of_its_arc():
    """Slow storage behind it, of whatever size, does not hide it."""
    f = 1e4

    def with_storage(x):
        return arc(0.2, f)(x) + arc(50.0, 0.1)(x)

    _, part = spectrum_of([("layer", with_storage)]).parts
    assert part.frequency == relative(f, 1e-6)
    assert part.capacitance == relative(1.0 / (2 * np.pi * f * 0.2 * 2.0), 1e-2)


def test_capacitance_of_a_part_without_an_arc_is_that_of_the_lowest_frequency():
    """A layer that blocks."""
    _, part = spectrum_of([("layer", lambda f: 1.0 / (2j * np.pi * f * 3.0))]).parts
    assert (part.frequency, part.capacitance) == (1.0, relative(1.5, 1e-12))


def test_parts_say_how_much_they_matter_and_store_or_not():
    """Rounding and inductive parts have no capacitance; shares are of the whole."""
    spectrum = spectrum_of(
        [
            ("layer", arc(0.2, 1e3)),
            ("transfer", lambda f: np.conj(arc(0.02, 1e3)(f))),
            ("layer", arc(1e-12, 1e3)),
        ]
    )
    bulk, layer, inductive, rounding = spectrum.parts
    assert (bulk.capacitance, bulk.area, bulk.own_resistance) == (None, None, None)
    assert layer.resistance == relative(0.4, 1e-5)
    assert layer.largest_share == relative(0.2, 1e-5)
    assert inductive.capacitance is None
    assert inductive.own_capacitance is None
    assert rounding.capacitance is None
    (both,) = spectrum.places
    assert both.name == "a|b"
    assert both.resistance == relative(layer.resistance + inductive.resistance, 1e-9)


def test_values_per_own_area_count_the_whole_interface():
    """An interface longer than the contact has a larger resistance per its own area."""
    spectrum = charged_composite(800).equilibrium().impedance([1.0], contact="left")
    (place,) = [p for p in spectrum.parts if p.name == "transfer active|electrolyte"]
    interface = spectrum.solution.interface("active|electrolyte").measure
    assert place.area == relative(interface / spectrum.area, 1e-12)
    assert place.own_resistance == relative(place.resistance * place.area, 1e-12)
    assert place.own_capacitance is None or place.own_capacitance < place.capacitance
    kinetics = spectrum.solution.model.interfaces["active|electrolyte"].kinetics["Li"]
    assert place.own_resistance == relative(KT / kinetics.exchange_current, 0.01)


def test_contacts_that_share_a_voltage_share_their_area():
    """Driven together, each facet counts once."""
    mesh = strip(np.linspace(0.0, 10.0, 11) * NM, 10 * NM, 10)
    reservoir = ReservoirContact(carrier="Li", potential="neutral")
    contacts = dict.fromkeys(("left", "top"), reservoir)
    model = Model(mesh, {"electrolyte": conductor()}, contacts=contacts, temperature=T)
    with pytest.raises(InputError, match="share nodes and have one voltage"):
        model.equilibrium().impedance([1.0], contact="left")
    across = mesh.points[mesh.facets][:, :, 0].mean(axis=1)
    bottom = mesh.facet_group == mesh.facet_names.index("bottom")
    kept = ~bottom | (np.abs(across - 7 * NM) < 2 * NM)
    mesh = replace(mesh, facets=mesh.facets[kept], facet_group=mesh.facet_group[kept])
    model = Model(
        mesh, {"electrolyte": conductor()}, contacts=contacts | {"bottom": reservoir}, temperature=T
    )
    state = model.equilibrium()
    one, other = (state.impedance([1.0], contact=name) for name in ("left", "top"))
    assert one.area == other.area == relative(20 * NM, 1e-12)
    assert one.area_specific == relative(other.area_specific, 1e-12)


def test_a_probe_has_no_parts_and_says_so():
    """Its impedance is no sum of powers."""
    state = three_contacts().equilibrium()
    probe = state.impedance([1e5], contact="left", reference="top", open_contacts="top")
    for name in ("parts", "places", "resistances"):
        with pytest.raises(InputError, match="the reference carries no current"):
            getattr(probe, name)


def test_density_of_an_impedance_integrates_to_it():
    """On the sites, with the resistance of the interface on the sites it joins."""
    law = Interface(kinetics={"Li": ContactResistance(resistance=3e-6)})
    spectrum = two_conductors(interfaces={"a|b": law}).equilibrium().impedance([1e7])
    response = spectrum.response("10 MHz")
    total = (response.impedance_density * spectrum.solution.site_volume).sum()
    assert total == relative(spectrum.impedance[0], 1e-9)
    left = spectrum.solution.site_points[:, 0] == 0.0
    assert response.potential[left] == relative(np.ones(left.sum()), 1e-12)
    assert response.electrochemical_potential("Li")[left] == relative(np.ones(left.sum()), 1e-12)
    with pytest.raises(InputError, match="carrier"):
        response.electrochemical_potential("Na")
    with pytest.raises(InputError, match="must be positive"):
        spectrum.response(0.0)


def test_density_needs_a_reference_that_carries_the_current():
    """A probe splits the impedance otherwise."""
    state = three_contacts().equilibrium()
    probe = state.impedance([1e5], contact="left", reference="top", open_contacts=["top"])
    with pytest.raises(InputError, match="'top' carries no current"):
        probe.response(1e5)


def test_spectrum_checks_itself_in_time():
    """Steps in time give the same impedance; a spectrum of another state is found out."""
    state = blocking_cell().equilibrium()
    spectrum = state.impedance([1e5, 1e6, 1e7], contact="left")
    check = spectrum.check_in_time(count=3)
    assert check.frequencies.tolist() == [1e5, 1e6, 1e7]
    assert check.largest < 1e-3
    assert check.passes(1e-3)
    assert not check.passes(0.1 * check.largest)
    assert check.deviations == relative(np.abs(check.impedance / spectrum.impedance - 1.0), 1e-9)
    wrong = replace(spectrum, impedance=1.1 * spectrum.impedance)
    assert wrong.check_in_time(count=1).largest > 0.05
    with pytest.raises(InputError, match="at least 1"):
        spectrum.check_in_time(count=0)
    with pytest.raises(InputError, match="without open_contacts"):
        replace(spectrum, open_contacts=("right",)).check_in_time()


def test_diffusion_in_an_electrode_is_no_layer():
    """Of a mixed conductor without space charge only diffusion is left, the edge included."""
    cell = insertion_cell((20 * NM, 40 * NM), (1e-1, 1e-5, 1e-1), Interface())
    # a state of charge of its own: the bulk is that of the state
    state = cell.equilibrium()
    spectrum = state.impedance(contact="right")
    split = spectrum.resistances
    assert split.diffusion > 0.0
    assert abs(split.layers) < 1e-4 * split.diffusion  # the mesh of its layer
