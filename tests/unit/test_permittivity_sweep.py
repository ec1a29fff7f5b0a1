"""Relative permittivity against temperature, through the transition of a ferroelectric film."""

import csv

import numpy as np
import pytest
from approx import relative
from films import MILLER, SPONTANEOUS, THICKNESS, UNIAXIAL, film
from models import NM, three_contacts
from scipy.constants import epsilon_0

from pyscl import (
    BlockingContact,
    ConvergenceError,
    InputError,
    Landau,
    Material,
    Model,
    UniformPolarization,
)
from pyscl.analytic import ferroelectric
from pyscl.materials.polarization import LandauPolynomial
from pyscl.study.permittivity import bulk_permittivity

TEMPERATURES = [298.0, 340.0, 375.0, 379.0, 384.0, 390.0, 394.0, 395.0, 420.0]


def coefficients(t):
    return UNIAXIAL.polynomial(t).table[1:4, 0]


def stays_polar(t):
    """Whether f has a polar minimum at a temperature [K]."""
    p, _ = ferroelectric.landau_spinodals(coefficients(t))
    slope = ferroelectric.landau_field(p[-1], coefficients(t)) if len(p) else 0.0
    return bool(slope < 0.0)


@pytest.fixture(scope="module")
def sweep():
    return film().permittivity(TEMPERATURES[::-1], "left", polarization=UniformPolarization())


def test_a_film_between_electrodes_has_the_permittivity_of_its_polynomial(sweep):
    for branch in (sweep.heating, sweep.cooling):
        assert branch.permittivity == pytest.approx(branch.bulk, rel=1e-6)
    cold = 1.0 / ferroelectric.landau_stiffness(SPONTANEOUS, coefficients(298.0))
    assert sweep.heating.permittivity[0] == relative(10.0 + cold / 8.8541878188e-12, 1e-6)
    hot = 1.0 / (2.0 * coefficients(420.0)[0])
    assert sweep.heating.permittivity[-1] == relative(10.0 + hot / 8.8541878188e-12, 1e-6)


def test_heating_and_cooling_pass_the_transition_at_the_limits_of_stability(sweep):
    low, high = sweep.heating.transition
    assert stays_polar(low)
    assert not stays_polar(high)
    low, high = sweep.cooling.transition
    assert (low, high) == (379.0, 384.0)  # a1 changes its sign at 381 K
    assert sweep.transition_temperatures == (394.5, 381.5)


def test_polarization_is_the_spontaneous_one_until_the_transition(sweep):
    polar = sweep.heating.temperatures < 394.5
    expected = [UNIAXIAL.polynomial(t).branch(0.0) for t in sweep.heating.temperatures[polar]]
    assert sweep.heating.polarization[polar] == pytest.approx(expected, rel=1e-8)
    assert sweep.heating.polarization[~polar].max() < 1e-12
    assert sweep.heating.temperatures.tolist() == sorted(TEMPERATURES)
    assert sweep.cooling.temperatures.tolist() == sorted(TEMPERATURES, reverse=True)


def test_a_layer_in_series_counts_with_its_thickness():
    model = film(layer=2 * NM)
    sweep = model.permittivity([420.0, 430.0], "left", cooling=False)
    assert sweep.thickness == relative(THICKNESS + 2 * NM, 1e-9)
    assert sweep.cooling is None
    series = (THICKNESS + 2 * NM) / (THICKNESS / sweep.heating.bulk + 2 * NM / 300.0)
    assert sweep.heating.permittivity == pytest.approx(series, rel=1e-6)
    assert sweep.heating.transition is None
    assert sweep.transition_temperatures == (None, None)
    wide = model.permittivity([420.0, 430.0], "left", cooling=False, thickness="44 nm", keep=True)
    assert wide.heating.permittivity == pytest.approx(2.0 * sweep.heating.permittivity, rel=1e-6)
    assert [s.model.temperature for s in wide.heating.solutions] == [420.0, 430.0]
    assert wide.final is wide.heating.solutions[-1]


def test_linear_materials_have_their_permittivity_and_no_bulk():
    model = film().with_(materials={"film": Material(relative_permittivity=77.0)})
    sweep = model.permittivity([300.0, 400.0], "left")
    assert sweep.heating.permittivity == pytest.approx(77.0, rel=1e-9)
    assert np.isnan(sweep.heating.bulk).all()
    assert sweep.heating.polarization.tolist() == [0.0, 0.0]


def test_the_bulk_is_that_of_the_minimum_beside_a_state():
    between = 385.0  # P = 0 and a polar state are both stable
    polar = UNIAXIAL.polynomial(between).branch(0.0)
    states = [(0.9 * polar, 0.01), (-1.1 * polar, 0.0), (0.0, 0.0), (0.01, -0.01)]
    eps = bulk_permittivity(UNIAXIAL, between, states)
    chi = UNIAXIAL.polynomial(between).permittivity([polar, -polar, 0.0, 0.0])
    np.testing.assert_allclose(eps, 10.0 + chi, rtol=1e-9)
    assert eps[0] < 0.1 * eps[2]
    cold = bulk_permittivity(UNIAXIAL, 298.0, [(0.0, 0.0), (SPONTANEOUS, 0.0)])
    assert cold[0] == relative(cold[1], 1e-12)


def test_the_bulk_is_that_along_the_field_in_the_variant_of_the_state():
    """A film under compression between its electrodes, P along its normal, crystal axis 2."""
    law = Landau(coefficients="BaTiO3-Bell-Cross", misfit_strain=-0.01, axes=-90)
    start = UniformPolarization(angle=90.0)
    sweep = film(law).permittivity([300.0, 310.0], "left", polarization=start)
    for branch in (sweep.heating, sweep.cooling):
        assert branch.permittivity == pytest.approx(branch.bulk, rel=1e-5)
    turned = LandauPolynomial(law.polynomial(300.0).table.T)
    chi = turned.permittivity(turned.spontaneous_polarization())
    assert sweep.heating.bulk[0] == relative(law.linear_permittivity + chi, 1e-9)


def test_the_bulk_across_a_domain_is_that_across_it():
    """A field along axis 1 turns a polarization along axis 2."""
    law = Landau(coefficients="BaTiO3-Bell-Cross")
    f = law.polynomial(298.0)
    p = f.spontaneous_polarization()
    across = law.linear_permittivity + 1.0 / (epsilon_0 * f.stiffness(0.0, p)[0, 0])
    along = law.linear_permittivity + f.permittivity(p)
    assert bulk_permittivity(law, 298.0, (0.0, -p)) == relative(across, 1e-9)
    n = np.sqrt([0.25, 0.75])
    found = bulk_permittivity(law, 298.0, [(0.0, p), (p, 0.0)], n)
    mixed = [0.25 * across + 0.75 * along, 0.25 * along + 0.75 * across]
    np.testing.assert_allclose(found, mixed, rtol=1e-9)


def test_the_table_holds_both_branches(sweep, tmp_path):
    sweep.write_csv(tmp_path / "permittivity.csv")
    with open(tmp_path / "permittivity.csv", newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head[:3] == ["branch", "temperature [K]", "relative permittivity"]
    names = [row[0] for row in rows]
    assert names == ["heating"] * len(TEMPERATURES) + ["cooling"] * len(TEMPERATURES)
    cooling = [float(row[2]) for row in rows if row[0] == "cooling"]
    np.testing.assert_allclose(cooling, sweep.cooling.permittivity, rtol=1e-11)
    numbers = sweep.to_dict()
    assert numbers["transition on heating [K]"] == 394.5
    assert numbers["largest permittivity on heating"] == sweep.heating.permittivity.max()
    assert numbers["at [K]"] == 395.0


def test_a_failed_sweep_keeps_what_it_had(monkeypatch):
    equilibrium = Model.equilibrium

    def failing(self, start=None, **arguments):
        if self.temperature > 400.0:
            raise ConvergenceError("too hot")
        return equilibrium(self, start, **arguments)

    monkeypatch.setattr(Model, "equilibrium", failing)
    with pytest.raises(ConvergenceError, match="too hot") as caught:
        film().permittivity([350.0, 390.0, 420.0], "left")
    assert caught.value.partial.heating.temperatures.tolist() == [350.0, 390.0]
    assert caught.value.partial.cooling is None


def test_every_state_starts_from_the_one_before_with_a_little_noise(monkeypatch):
    equilibrium, starts = Model.equilibrium, []

    def recorded(self, start=None, **arguments):
        starts.append(start)
        return equilibrium(self, start, **arguments)

    monkeypatch.setattr(Model, "equilibrium", recorded)
    model = film(elements=40)
    kept = model.permittivity([410.0, 420.0], "left", cooling=False, keep=True).heating.solutions
    noise = starts[1]["polarization"].values - kept[0]["polarization"].values
    scale = UNIAXIAL.scale(420.0)
    assert starts[0] is None
    assert 0.2e-4 * scale < np.std(noise) < 2e-4 * scale


@pytest.mark.parametrize(
    ("temperatures", "arguments", "message"),
    [
        ([300.0], {}, "two different temperatures"),
        ("300 K", {}, "is no list of temperatures"),
        ([-5.0, 300.0], {}, "all above 0 K"),
        ([300.0, 310.0], {"contact": "lift"}, "Did you mean 'left'"),
        ([300.0, 310.0], {"thickness": 0.0}, "thickness must be above 0 m"),
    ],
)
def test_bad_input_is_refused(temperatures, arguments, message):
    with pytest.raises(InputError, match=message):
        film(MILLER).permittivity(temperatures, **{"contact": "left"} | arguments)


def test_a_thickness_that_is_not_clear_is_asked_for():
    held = film().contacts["left"]
    with pytest.raises(InputError, match="not two parallel planes"):
        three_contacts().permittivity([300.0, 310.0], "left")
    blocked = film(contacts={"left": held, "right": BlockingContact()})
    with pytest.raises(InputError, match="needs another contact"):
        blocked.permittivity([300.0, 310.0], "left")
