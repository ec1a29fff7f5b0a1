"""Excess resistance and conductance of layers: sums, sides, laws, grain boundaries, refusals."""

import csv

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, conductor, site_density, two_conductors

from pyscl import Boltzmann, Carrier, InputError, Interface, Material, Model, PotentialContact
from pyscl.analytic import LatticeGasLayer
from pyscl.carriers import conductivity
from pyscl.mesh import graded, strip
from pyscl.verification.meshes import two_sided
from pyscl.verification.setups import WIDTH, reservoir, wall_model

SIGMA = 1e-2  # S/m
CHARGE = 0.045  # C/m2, about 9 kT on the boundary of the grains below


def bicrystal(surface_charge, size=20 * NM, **carrier):
    """Return two grains of one material, each `size` [m] wide, with a charged boundary."""
    half = graded(size, 0.02 * NM, 1.05, 0.1 * NM)
    x = two_sided(half, half)
    mesh = strip(x, WIDTH, regions=[("left grain", size), ("right grain", 2 * size)])
    material = conductor(conductivity=SIGMA, **carrier)
    return Model(
        mesh,
        {"left grain": material, "right grain": material},
        contacts={"left": reservoir(), "right": reservoir()},
        interfaces={"left grain|right grain": Interface(surface_charge=surface_charge)},
        temperature=T,
    )


def grain_layer(debye_length=0.5 * NM):
    return LatticeGasLayer(10.0, site_density(debye_length, 10.0, 0.5), 0.5, temperature=T)


def test_a_uniform_state_has_no_excess():
    result = bicrystal(0.0).equilibrium().layer_resistance("left grain|right grain")
    bulk = 20 * NM / SIGMA
    assert len(result.layers) == 2
    for layer in result.layers:
        assert layer.bulk_conductivity == relative(SIGMA, 1e-12)
        assert abs(layer.resistance) < 1e-9 * bulk
        assert abs(layer.sheet_conductance) < 1e-9 * SIGMA * 20 * NM


@pytest.mark.parametrize("mobility", ["vacancy", "dilute"])
@pytest.mark.parametrize("wall", [-3.0, 4.0, 10.0])
def test_a_grain_boundary_adds_twice_the_exact_layer(mobility, wall):
    exact = grain_layer()
    charge = 2.0 * exact.wall_charge(wall * KT)
    state = bicrystal(float(charge), mobility=mobility).equilibrium()
    result = state.layer_resistance("right grain | left grain")
    assert result.place == "left grain|right grain"
    assert result.measure == relative(WIDTH, 1e-12)
    expected = exact.excess_resistance(wall * KT, SIGMA, mobility)
    for layer in result.layers:
        assert layer.resistance == relative(float(expected), 3e-3)
    assert result.resistance("Li") == relative(2.0 * float(expected), 3e-3)


def exact_sheet_conductance(layer, wall, mobility):
    """The integral of sigma - sigma_bulk by a fine trapezoidal rule on the exact profile."""
    x = np.linspace(0.0, 30.0 * layer.debye_length, 60_001)
    y = layer.site_fraction_at(layer.potential(x, wall))
    y0 = layer.site_fraction
    excess = y * (1 - y) / (y0 * (1 - y0)) - 1 if mobility == "vacancy" else y / y0 - 1
    return SIGMA * float(np.trapezoid(excess, x))


@pytest.mark.parametrize("mobility", ["vacancy", "dilute"])
@pytest.mark.parametrize("wall", [-3.0, 6.0])
def test_sheet_conductance_is_the_integral_of_the_exact_profile(mobility, wall):
    exact = grain_layer()
    state = bicrystal(float(2.0 * exact.wall_charge(wall * KT)), mobility=mobility).equilibrium()
    result = state.layer_resistance("left grain|right grain")
    expected = 2.0 * exact_sheet_conductance(exact, wall * KT, mobility)
    assert result.sheet_conductance("Li") == relative(expected, 3e-3)


def test_constant_conductivity_has_no_excess_in_a_strong_layer():
    state = bicrystal(CHARGE, mobility="constant-conductivity").equilibrium()
    result = state.layer_resistance("left grain|right grain")
    assert abs(result.resistance("Li")) < 1e-12 * 20 * NM / SIGMA


def test_effective_resistivities_follow_from_the_layers():
    state = bicrystal(CHARGE).equilibrium()
    result = state.layer_resistance("left grain|right grain")
    grains = result.grain_boundary("Li", 1e-6)
    assert grains.bulk == relative(1 / SIGMA, 1e-12)
    assert grains.perpendicular == relative(1 / SIGMA + result.resistance("Li") / 1e-6, 1e-12)
    along = SIGMA + result.sheet_conductance("Li") / 1e-6
    assert grains.parallel == relative(1 / along, 1e-12)
    # a depleted boundary hinders the current across it much more than along it
    assert grains.perpendicular / grains.bulk - 1 > 10 * (grains.parallel / grains.bulk - 1) > 0
    assert grains.to_dict()["perpendicular resistivity [ohm*m]"] == grains.perpendicular


def test_the_resistance_of_a_bicrystal_is_bulk_plus_layer():
    """The steady current at a small bias knows the same resistance as the integral."""
    from pyscl.postprocess.resistance import effective_resistance

    model = bicrystal(CHARGE)
    state = model.equilibrium()
    layer = state.layer_resistance("left grain|right grain").resistance("Li")
    measured = effective_resistance(model.steady({"left": 1e-4 * KT}, state)) * WIDTH
    assert layer > 2 * 40 * NM / SIGMA
    assert measured == relative(40 * NM / SIGMA + layer, 1e-3)


@pytest.mark.parametrize("coordinates", ["planar", "axisymmetric"])
def test_sides_keep_to_their_region_and_add_up_to_the_whole(coordinates):
    """All points are nearer to the interface than to a charged contact: the sum is the volume."""
    model = two_conductors(step=6 * KT, coordinates=coordinates)
    if coordinates == "axisymmetric":  # the axis is no contact
        model = Model(
            model.mesh, model.materials, contacts={"right": model.contacts["right"]},
            temperature=T, coordinates=coordinates,
        )  # fmt: skip
    state = model.equilibrium()
    result = state.layer_resistance("a|b")
    assert [layer.region for layer in result.layers] == ["a", "b"]
    for layer in result.layers:
        material = model.materials[layer.region]
        here = state.site_region == model.mesh.region_names.index(layer.region)
        y, vacant = state.site_fraction("Li"), state.vacant_fraction("Li")
        local = conductivity(material.carrier("Li"), T, y, vacant)[here]
        lumped = ((local - layer.bulk_conductivity) * state.site_volume[here]).sum()
        assert layer.sheet_conductance == relative(lumped / result.measure, 2e-2)
        assert layer.bulk_conductivity == relative(material.carrier("Li").conductivity, 1e-12)


def test_two_layers_in_one_region_are_told_apart():
    """A slab between two electrodes: each layer has its own resistance, the slab their sum."""
    exact = grain_layer()
    half = graded(15 * NM, 0.01 * NM, 1.1, 0.5 * NM)
    mesh = strip(two_sided(half[-1] - half[::-1], half[-1] - half[::-1]), WIDTH)
    contacts = {
        "left": reservoir(potential=8 * KT),
        "right": reservoir(potential=-2 * KT),
    }
    state = Model(
        mesh, {"electrolyte": conductor(conductivity=SIGMA)}, contacts=contacts, temperature=T
    ).equilibrium()
    for side, wall in (("left", 8 * KT), ("right", -2 * KT)):
        expected = float(exact.excess_resistance(wall, SIGMA))
        assert state.layer_resistance(side).resistance("Li") == relative(expected, 4e-3)


def test_overlapping_layers_share_the_whole_film():
    """In 2 Debye lengths nothing is bulk; the two halves still add up to the film, and only once.

    Along x the films of equal charge are mirror images.
    """
    mesh = strip(np.linspace(0, 1 * NM, 41), WIDTH)
    contacts = {side: reservoir(potential=3 * KT) for side in ("left", "right")}
    material = conductor(conductivity=SIGMA, mobility="dilute")
    model = Model(mesh, {"electrolyte": material}, contacts=contacts, temperature=T)
    state = model.equilibrium()
    left, right = (state.layer_resistance(side) for side in ("left", "right"))
    y = state.site_fraction("Li")[::2]
    whole = SIGMA * float(np.trapezoid(y / 0.5 - 1, np.linspace(0, 1 * NM, 41)))
    both = left.sheet_conductance("Li") + right.sheet_conductance("Li")
    assert both == relative(whole, 1e-3)
    # the sites in the middle belong to one of the two
    assert left.resistance("Li") == relative(right.resistance("Li"), 5e-2)


def test_every_mobile_carrier_has_its_own_layer():
    """Boltzmann ions in exp(-z u): the counter-ion gathers where the ion is missing."""
    ions = [
        Carrier(
            name=name, charge=z, statistics=Boltzmann(), mobility="dilute", site_density=1e26,
            site_fraction=0.01, diffusivity=d,
        )
        for name, z, d in (("cation", 1, 1e-12), ("anion", -1, 2e-12), ("fixed", -2, None))
    ]  # fmt: skip
    material = Material(relative_permittivity=20.0, carriers=tuple(ions), background_charge=1.6e7)
    x = graded(20 * NM, 0.02 * NM, 1.1, 0.2 * NM)
    state = wall_model(material, 2 * KT, strip(x, WIDTH)).equilibrium()
    result = state.layer_resistance("left")
    assert {layer.carrier for layer in result.layers} == {"cation", "anion"}
    assert result.resistance("cation") > 0 > result.resistance("anion")
    assert result.sheet_conductance("anion") > 0 > result.sheet_conductance("cation")
    with pytest.raises(InputError, match="no mobile carrier 'fixed' at 'left'"):
        result.resistance("fixed")


def test_an_emptied_region_is_infinitely_resistive():
    """50 V deplete so far that the site fraction is zero in double precision."""
    x = graded(10 * NM, 0.1 * NM, 1.1, 0.5 * NM)
    state = wall_model(conductor(0.5 * NM), 2.0, strip(x, WIDTH)).equilibrium()
    emptied = state.unknowns.copy()
    number = state.model.discretized.site_dofs[:, 0]
    emptied[number[:2]] = -800.0
    from pyscl.solution import Solution

    state = Solution(state.model, emptied, kind="equilibrium", bias={}, history=state.history)
    result = state.layer_resistance("left")
    assert result.resistance("Li") == np.inf
    assert np.isfinite(result.sheet_conductance("Li"))


def test_regions_without_mobile_carriers_have_no_layer():
    x = np.linspace(0, 4 * NM, 9)
    mesh = strip(x, WIDTH, regions=[("oxide", 2 * NM), ("pore", 4 * NM)])
    dielectric = Material(relative_permittivity=5.0)
    contacts = {"left": PotentialContact(potential=0.0), "right": PotentialContact(potential=1.0)}
    model = Model(mesh, {"oxide": dielectric, "pore": dielectric}, contacts=contacts)
    result = model.equilibrium().layer_resistance("oxide|pore")
    assert result.layers == ()
    with pytest.raises(InputError, match="There is no mobile carrier at all"):
        result.resistance("Li")


def test_results_go_to_tables(tmp_path):
    result = bicrystal(CHARGE).equilibrium().layer_resistance("left grain|right grain")
    side = result.to_dict()["sides"]["left grain"]["Li"]
    assert side["resistance [ohm*cm^2]"] == relative(1e4 * side["resistance [ohm*m^2]"], 1e-12)
    assert side["resistance [ohm*m^2]"] == result.layer("left grain", "Li").resistance
    result.write_csv(tmp_path / "layers.csv")
    with open(tmp_path / "layers.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["region"] for row in rows] == ["left grain", "right grain"]
    assert float(rows[1]["sheet conductance [S]"]) == result.layers[1].sheet_conductance


def test_wrong_names_and_grains_are_refused():
    state = bicrystal(CHARGE).equilibrium()
    for nothing in (None, 3, ["left"]):
        with pytest.raises(InputError, match="is no place; name an interface"):
            state.layer_resistance(nothing)
    with pytest.raises(InputError, match=r"no interface or contact 'lft'.*Did you mean 'left'"):
        state.layer_resistance("lft")
    result = state.layer_resistance("left grain|right grain")
    with pytest.raises(InputError, match="no mobile carrier 'Na'"):
        result.grain_boundary("Na", 1e-6)
    with pytest.raises(InputError, match=r"no mobile carrier 'Li in left'.*Did you mean"):
        result.layer("left", "Li")
    with pytest.raises(InputError, match="above 0"):
        result.grain_boundary("Li", 0.0)
    with pytest.raises(InputError, match="thinner than their space charge layers"):
        result.grain_boundary("Li", 0.1 * NM)
    with pytest.raises(InputError, match="no boundary between equal grains"):
        state.layer_resistance("left").grain_boundary("Li", 1e-6)
    unequal = two_conductors().equilibrium().layer_resistance("a|b")
    with pytest.raises(InputError, match="no boundary between equal grains"):
        unequal.grain_boundary("Li", 1e-6)


def test_the_spectrum_knows_the_same_layer_at_low_frequency():
    from pyscl.study.impedance import impedance

    state = bicrystal(CHARGE).equilibrium()
    name = "left grain|right grain"
    spectrum = impedance(state, [1.0], contact="left")
    measured = spectrum.contribution("layer", name).values[0] * spectrum.area
    assert measured.real == relative(state.layer_resistance(name).resistance("Li"), 2e-3)
    assert abs(measured.imag) < 1e-3 * measured.real
