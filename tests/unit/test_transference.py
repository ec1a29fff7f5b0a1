"""Transport numbers of a salt with known mobilities, by conductances and by polarisation."""

import numpy as np
import pytest
from approx import relative
from models import NM, blocking_cell, slab_between_reservoirs, three_contacts
from scipy.constants import elementary_charge, epsilon_0

from pyscl import (
    Carrier,
    Conserved,
    ContactResistance,
    InputError,
    Material,
    Model,
    PotentialContact,
)  # fmt: skip
from pyscl.mesh import graded, strip
from pyscl.study.transference import polarisation, transference
from pyscl.study.transient import TransientOptions
from pyscl.study.transient.stepper import Stepper
from pyscl.verification.impedance_setups import reversible_cell
from pyscl.verification.meshes import two_sided
from pyscl.verification.setups import VT, WIDTH, reservoir, salt, salt_length

DENSITY = 6e23  # 1/m3
D_CATION = 1e-10  # m2/s, of `salt`
LENGTH = 2000 * salt_length(78.5, DENSITY)


def cell(ratio=1.0, resistance=0.0):
    """Return a salt between electrodes that exchange the cation and block the anion.

    Args:
        ratio: D-/D+.
        resistance: of each electrode for the cation [Ohm m2]; beside it the electrode has a small
            capacitance, that of 100 Debye lengths.
    """
    half = graded(LENGTH / 2, LENGTH / 8000, 1.1, LENGTH / 200)
    part = half[-1] - half[::-1]
    charged = {
        "potential": 0.0,
        "kinetics": ContactResistance(resistance=resistance or 1.0),
        "compact_capacitance": epsilon_0 * 78.5 / (LENGTH / 20),
    }
    law = reservoir("cation", **(charged if resistance else {"potential": None}))
    return Model(
        strip(two_sided(part, part), WIDTH),
        {"electrolyte": salt(78.5, DENSITY, ratio)},
        contacts={"left": law, "right": law},
        conserved=[Conserved(carrier="anion", regions=("electrolyte",))],
    )


def conductivity(ratio):
    """Sum over both ions of e^2 D n/kT [S/m]."""
    return elementary_charge * D_CATION * DENSITY * (1 + ratio) / VT


@pytest.mark.parametrize("ratio", [0.25, 1.0, 3.0])
def test_dc_over_ac_conductance_is_the_transport_number(ratio):
    result = transference(cell(ratio), "left")
    assert (result.contact, result.reference, result.unit) == ("left", "right", "S/m")
    assert result.bulk_conductance == relative(conductivity(ratio) * WIDTH / LENGTH, 1e-6)
    assert result.field_value["cation"] == relative(1 / (1 + ratio), 1e-6)
    assert sum(result.field_value.values()) == relative(1.0, 1e-12)
    assert result.dc_over_ac["cation"] == relative(1 / (1 + ratio), 1e-5)
    assert abs(result.dc_over_ac["anion"]) < 1e-12
    assert result.to_dict()["dc over ac"]["cation"] == result.dc_over_ac["cation"]


@pytest.mark.parametrize("ratio", [0.25, 3.0])
def test_polarisation_gives_the_transport_number(ratio):
    """2000 Debye lengths. I0 is extrapolated, so that little of the diffusion is left in it."""
    result = polarisation(cell(ratio), "left", "0.5 mV")
    assert result.initial_current == relative(conductivity(ratio) * 0.5e-3 / LENGTH, 2e-3)
    assert result.steady_current == relative(conductivity(0.0) * 0.5e-3 / LENGTH, 1e-3)
    assert result.transference_number == result.ratio == relative(1 / (1 + ratio), 2e-3)
    assert 0.0 < result.polarised_share < 2e-2
    assert result.trajectory.complete
    assert result.to_dict()["transference number"] == result.transference_number


def test_diffusion_is_taken_out_of_the_initial_current_of_thin_cells():
    """At 200 Debye lengths 6 % are lost after ten relaxation times: without it t would be 0.358."""
    result = polarisation(reversible_cell(6e23, 200.0, 2.0, 10.0), "left")
    assert result.polarised_share == pytest.approx(0.06, abs=0.01)
    assert result.transference_number == relative(1 / 3, 1e-2)
    at_that_time = result.steady_current / result.initial_current / (1 - result.polarised_share)
    assert at_that_time == relative(0.358, 2e-3)


def test_cells_without_a_plateau_are_refused():
    with pytest.raises(InputError, match=r"changed by 3\d % at the initial time.*are not apart"):
        polarisation(reversible_cell(6e23, 20.0, 2.0, 10.0), "left")


def test_a_cell_that_does_not_polarise_has_the_number_one():
    """Its steady state comes before ten relaxation times."""
    result = polarisation(slab_between_reservoirs(0.0), "left")
    assert result.transference_number == relative(1.0, 1e-9)


def test_blocking_cells_do_not_polarise_to_a_number():
    with pytest.raises(InputError, match="no carrier passes from contact 'left'"):
        polarisation(blocking_cell(), "left")


def test_a_steady_current_of_rounding_is_no_number():
    """The electrodes pass the cation behind 1e9 times the resistance of the cell."""
    both = LENGTH / conductivity(1.0)
    with pytest.raises(InputError, match="which is rounding"):
        polarisation(cell(1.0, 1e9 * both), "left")


@pytest.mark.parametrize(
    ("resistance", "share"), [(1e6, 1.0), (1e6, 100.0), (1e9, 1.0), (1e9, 100.0), (1e12, 1.0)]
)
def test_long_steps_keep_the_level_behind_weak_contacts(resistance, share):
    """The level hangs on 1/R and C/dt, which rounding of the cell's own conductance would hide.

    A step of some RC moves V/2 (C' - C/(2 + 20)) of charge and V/2R: C = 20 eps/L of the compact
    layer is C' in series with the diffuse one, 2000 eps/L, and was charged by the jump in series
    with eps/L of the cell.
    """
    resistance *= LENGTH / conductivity(1.0)
    model = cell(1.0, resistance)
    stepper = Stepper(model, "left", "right", model.equilibrium(), TransientOptions())
    stepper.jump(1e-3)
    time = resistance * epsilon_0 * 78.5 / (LENGTH / 20)
    trial = stepper.solve_step(share * time, 1e-3, 1)
    assert trial is not None
    charged = 1.0 / (1.0 + 20.0 / 2000.0) - 2.0 / (2.0 + 20.0)
    assert trial.current == relative(
        1e-3 * WIDTH / (2.0 * resistance) * (1.0 + charged / share), 1e-3
    )
    assert len(trial.newton.steps) <= 8


def test_thick_cells_are_waited_for():
    """A millimetre of a salt takes days to polarise; at 1 uHz it would show 0.41."""
    slow = salt(10.0, 6e26, 2.0)
    ions = tuple(
        ion.model_copy(update={"diffusivity": 1e-12 * (1 if ion.name == "cation" else 2)})
        for ion in slow.carriers
    )
    half = graded(5e-4, 1e-10, 1.3, 2.5e-5)
    model = Model(
        strip(two_sided(half[-1] - half[::-1], half[-1] - half[::-1]), WIDTH),
        {"electrolyte": slow.model_copy(update={"carriers": ions})},
        contacts={side: reservoir("cation", potential=None) for side in ("left", "right")},
        conserved=[Conserved(carrier="anion", regions=("electrolyte",))],
    )
    assert model.transference("left").dc_over_ac["cation"] == relative(1 / 3, 1e-3)


@pytest.mark.parametrize(("contact", "other"), [("left", "right"), ("left", "top")])
def test_further_contacts_are_open(contact, other):
    """A single carrier has the number 1 between any two of three contacts."""
    model = three_contacts()
    result = model.transference(contact, other)
    assert result.dc_over_ac["Li"] == relative(1.0, 1e-9)
    (third,) = {"left", "right", "top"} - {contact, other}
    slope = model.steady({contact: 1e-5}, current={third: 0.0}).contact(contact).current / 1e-5
    assert result.dc_conductance["Li"] == relative(slope, 1e-4)


def test_resistances_of_the_electrodes_are_taken_out():
    """Half the voltage drops at the electrodes; the correction finds the number of the bulk.

    Their capacitance is charged after 200 relaxation times, when the composition has changed by
    sqrt(200) of 2000 Debye lengths.
    """
    both = LENGTH / conductivity(1.0)
    model = cell(1.0, both / 2)
    when = 200 * epsilon_0 * 78.5 / conductivity(1.0)
    plain = polarisation(model, "left", 1e-3, initial_time=when)
    assert plain.ratio == relative(2 / 3, 2e-2)
    corrected = polarisation(
        model, "left", 1e-3, initial_time=when, initial_resistance=both, steady_resistance=both
    )
    assert corrected.ratio == relative(plain.ratio, 1e-9)
    assert corrected.transference_number == relative(0.5, 2e-2)
    dc = transference(model, "left").dc_conductance["cation"]
    assert WIDTH / dc == relative(both + LENGTH / conductivity(0.0), 1e-3)


def test_evans_correction_is_the_formula():
    from pyscl.study.transference import Polarisation

    p = Polarisation(0.01, 2.0, 0.5, 1.0, 0.0, 1e-3, 2e-3, None)
    assert p.transference_number == relative(0.5 * (0.01 - 2e-3) / (2.0 * (0.01 - 1e-3)), 1e-12)


def test_a_voltage_at_rest_is_not_part_of_the_step():
    model = cell()
    start = model.steady({"left": 2e-3})
    further = polarisation(model, "left", 1e-3, start=start)
    # the steady current at 3 mV, not at 1 mV
    assert further.steady_current == relative(conductivity(0.0) * 3e-3 / LENGTH, 1e-2)
    assert further.voltage == 1e-3


def test_layers_in_series_share_the_field_value_by_dissipation():
    def ion(name, charge, sigma):
        return Carrier(
            name=name, charge=charge, site_density=1e27, site_fraction=0.5, conductivity=sigma
        )

    x = np.linspace(0, 30 * NM, 31)
    materials = {
        region: Material(
            relative_permittivity=10, carriers=(ion("Li", 1, first), ion("X", -1, second))
        )
        for region, first, second in (("a", 3.0, 1.0), ("b", 1.0, 3.0))
    }
    model = Model(
        strip(x, WIDTH, regions=[("a", 10 * NM), ("b", 30 * NM)]),
        materials,
        contacts={side: reservoir(potential=None) for side in ("left", "right")},
        conserved=[Conserved(carrier="X", regions=("a", "b"))],
    )
    result = transference(model, "left")
    assert result.bulk_conductance == relative(4.0 * WIDTH / (30 * NM), 1e-9)
    # one field everywhere; a third of the heat arises in a with 3/4, two thirds in b with 1/4
    assert result.field_value["Li"] == relative((0.75 + 2 * 0.25) / 3, 1e-9)


def test_axisymmetric_conductance_is_that_of_a_shell():
    radii = np.linspace(1e-6, 2e-6, 201)
    material = Material(
        relative_permittivity=10,
        carriers=(
            Carrier(name="Li", charge=1, site_density=1e27, site_fraction=0.5, conductivity=0.1),
        ),
    )
    model = Model(
        strip(radii, 1e-7),
        {"electrolyte": material},
        contacts={"left": reservoir(), "right": reservoir()},
        coordinates="axisymmetric",
    )
    result = transference(model, "left")
    exact = 2 * np.pi * 0.1 * 1e-7 / np.log(2)
    assert result.unit == "S"
    assert result.bulk_conductance == relative(exact, 1e-5)
    assert result.dc_over_ac["Li"] == relative(1.0, 1e-4)


# Bad input.


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"contact": "lft"}, "Did you mean 'left'"),
        ({"reference": "left"}, "cannot be its own reference"),
        ({"voltage": 0.0}, "the step must not be 0"),
        ({"voltage": "1 A"}, "wrong unit 'A'"),
        ({"initial_resistance": -1.0}, "nor a resistance below 0"),
        ({"steady_resistance": 1.0}, "nothing is left for the bulk"),
        ({"initial_time": "1 h"}, "choose another initial_time"),
        ({"initial_time": 1e-20}, "choose another initial_time"),
    ],
)
def test_bad_polarisations_are_refused(more, message):
    with pytest.raises(InputError, match=message):
        polarisation(cell(), **{"contact": "left", **more})


def test_cells_without_a_path_are_refused():
    x = np.linspace(0, 30 * NM, 31)
    conducting = salt(78.5, 6e25)
    model = Model(
        strip(x, WIDTH, regions=[("a", 10 * NM), ("gap", 20 * NM), ("b", 30 * NM)]),
        {"a": conducting, "gap": Material(relative_permittivity=5), "b": conducting},
        contacts={side: reservoir("cation", potential=0.0) for side in ("left", "right")},
        conserved=[
            Conserved(carrier="anion", regions=("a",)),
            Conserved(carrier="anion", regions=("b",)),
        ],
    )
    with pytest.raises(InputError, match="no conducting path joins the two contacts"):
        transference(model, "left")


def test_a_single_contact_and_blocking_ones_are_refused():
    mesh = strip(np.linspace(0, 10 * NM, 21), WIDTH)
    material = salt(78.5, 6e25)
    closed = [Conserved(carrier=c, regions=("electrolyte",)) for c in ("cation", "anion")]
    alone = Model(
        mesh, {"electrolyte": material}, contacts={"left": reservoir("cation", potential=0.0)},
        conserved=closed[1:],
    )  # fmt: skip
    with pytest.raises(InputError, match="only contact with a voltage"):
        transference(alone, "left")
    electrodes = {side: PotentialContact(potential=0.0) for side in ("left", "right")}
    blocked = Model(mesh, {"electrolyte": material}, contacts=electrodes, conserved=closed)
    result = transference(blocked, "left")
    assert max(abs(t) for t in result.dc_over_ac.values()) < 1e-12
    nothing = Model(mesh, {"electrolyte": Material(relative_permittivity=5)}, contacts=electrodes)
    with pytest.raises(InputError, match="nothing conducts in the model"):
        polarisation(nothing, "left")
