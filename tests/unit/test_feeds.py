"""Reservoirs that feed whole regions, as through a network outside the plane of the model."""

from dataclasses import replace

import numpy as np
import pytest
from approx import relative
from models import NM, T, conductor
from scipy.constants import Avogadro, elementary_charge

from pyscl import Carrier, Conserved, InputError, Material, Model, ReservoirContact, Solution
from pyscl.mesh import strip
from pyscl.study.transient import TransientOptions

WIDTH = 4 * NM
LI = ReservoirContact(carrier="Li", potential="neutral")


def bar(contacts, **material):
    """Return 6 nm of conductor "a" and 4 nm of the same as "p", with constant conductivity."""
    material = conductor(mobility="constant-conductivity", **material)
    mesh = strip(np.linspace(0.0, 10.0, 21) * NM, WIDTH, 2, [("a", 6 * NM), ("p", 10 * NM)])
    return Model(mesh, {"a": material, "p": material}, contacts=contacts, temperature=T)


def fed(**law):
    return ReservoirContact(carrier="Li", feeds=("p",), **law)


def test_a_fed_region_is_at_the_level_of_its_reservoir():
    """The current ends where the region begins: j = sigma V / 6 nm, not 10 nm."""
    model = bar({"left": LI, "right": fed(potential="neutral")})
    solution = model.steady({"left": 0.1})
    density = 1e-2 * 0.1 / (6 * NM)
    assert solution.contact("left").current == relative(density * WIDTH, 1e-9)
    assert solution.contact("right").current == relative(-density * WIDTH, 1e-9)
    mu = solution["electrochemical_potential_Li"].values
    inside = solution.site_region == 1
    assert np.ptp(mu[inside]) == 0.0
    assert np.ptp(mu[~inside]) == relative(0.1, 1e-9)


def test_feeding_is_an_infinite_conductivity():
    """A region that conducts 1e7 times better, with an ordinary contact, is the same to 1e-6."""
    feeding = bar({"left": LI, "right": fed(potential="neutral")})
    metal = conductor(mobility="constant-conductivity", conductivity=1e5)
    touching = Model(
        feeding.mesh,
        feeding.materials | {"p": metal},
        contacts={"left": LI, "right": LI},
        temperature=T,
    )
    its, other = (m.steady({"left": -0.05}) for m in (feeding, touching))
    assert its.contact("left").current == relative(other.contact("left").current, 1e-6)
    assert its.potential == pytest.approx(other.potential, abs=1e-7)


def test_a_current_is_given_to_a_fed_region():
    """The voltage of a driven reservoir moves the level of its regions."""
    model = bar({"left": LI, "right": fed()})
    solution = model.steady(current={"right": -1e6})
    assert solution.bias["right"] == relative(-1e6 * 6 * NM / 1e-2, 1e-9)
    assert solution.contact("right").current == relative(-1e6 * WIDTH, 1e-9)


def test_a_region_away_from_the_contact_is_fed():
    """An island in the middle: what enters on the left leaves inside; the right side is closed."""
    mesh = strip(np.linspace(0.0, 12.0, 25) * NM, 6 * NM, 12)
    x, y = mesh.points[mesh.triangles].mean(axis=1).T / NM
    island = (np.abs(x - 6) < 2) & (np.abs(y - 3) < 1)
    mesh = replace(mesh, region=island.astype(np.int32), region_names=("a", "p"))
    contacts = {"left": LI, "right": fed()}
    model = Model(mesh, {"a": conductor(), "p": conductor()}, contacts=contacts, temperature=T)
    solution = model.steady({"left": 0.05})
    current = solution.contact("left").current
    assert solution.contact("right").current == relative(-current, 1e-9)
    bar_of_4_nm = 1e-2 * 0.05 * 6 * NM / (4 * NM)
    assert 0.3 * bar_of_4_nm < current < bar_of_4_nm
    density = solution["current_density_Li"].values
    behind = mesh.points[mesh.triangles, 0].mean(axis=1) > 11 * NM
    assert np.abs(density[behind]).max() < 0.03 * np.abs(density).max()


def battery():
    """Return a particle in an electrolyte: lithium from the left, electrons fed from the right."""
    sites = 2e26
    mixed = Material(
        relative_permittivity=20.0,
        carriers=(
            Carrier(name="Li", charge=1, site_density=sites, site_fraction=0.5, conductivity=1e-3),
            Carrier(name="e", charge=-1, site_density=sites, site_fraction=0.5, conductivity=1e-2),
        ),
    )
    mesh = strip(np.linspace(0.0, 9.0, 19) * NM, 6 * NM, 12)
    x, y = mesh.points[mesh.triangles].mean(axis=1).T / NM
    island = (np.abs(x - 5) < 2) & (np.abs(y - 3) < 2)
    mesh = replace(mesh, region=island.astype(np.int32), region_names=("electrolyte", "particle"))
    electrons = ReservoirContact(carrier="e", electrochemical_potential=0.0, feeds=("particle",))
    return Model(
        mesh,
        {"electrolyte": conductor(), "particle": mixed},
        contacts={"left": LI, "right": electrons},
        temperature=T,
    )


def test_a_particle_is_charged_by_its_electrons():
    """In time: the electrons grow by the charge that passed, lithium with the charge of its contact
    by the same; the level of the electrons stays uniform, and both contacts carry the current.
    """
    trajectory = battery().transient(
        ["Discharge at 10 A/cm2 for 5 ns", "Rest for 1 ns"],
        contact="right",
        options=TransientOptions(save="all", tolerance=1e-2),
    )
    assert trajectory.complete
    passed = trajectory["charge_passed"]
    assert passed[-1] == relative(-1e5 * 6 * NM * 5e-9, 1e-8)
    faraday = Avogadro * elementary_charge

    def gained(*columns):
        return sum(trajectory[c][-1] - trajectory[c][0] for c in columns)

    electrons = gained("amount_e_particle") * faraday
    assert electrons == relative(-passed[-1], 1e-8)
    lithium = gained("amount_Li_particle", "amount_Li_electrolyte") * faraday
    assert lithium + gained("charge_left") == relative(electrons, 1e-8)
    assert gained("amount_Li_particle") > 0.0
    left, right = trajectory["current_left"], trajectory["current_right"]
    scale = np.abs(left).max()
    assert left == pytest.approx(-right, abs=1e-8 * scale)
    for solution in trajectory.solutions:
        mu = solution["electrochemical_potential_e"].values
        assert np.ptp(mu[np.isfinite(mu)]) < 1e-14


def test_solutions_with_fed_regions_come_back(tmp_path):
    before = bar({"left": LI, "right": fed()}).steady({"left": 0.1})
    before.save(tmp_path / "s.h5")
    after = Solution.load(tmp_path / "s.h5")
    assert after.model.contacts == before.model.contacts
    assert after.contact("right") == before.contact("right")


@pytest.mark.parametrize(
    ("law", "words"),
    [
        ({"carrier": "Li", "feeds": ("q",)}, "no region 'q' to feed by 'right'. Allowed: a, p"),
        ({"carrier": "Na", "feeds": ("p",)}, r"no carrier 'Na' at contact 'right' \(regions: p\)"),
    ],
)
def test_feeds_that_do_not_fit_are_refused(law, words):
    with pytest.raises(InputError, match=words):
        bar({"left": LI, "right": ReservoirContact(**law)})


def test_two_reservoirs_of_one_region_must_agree():
    """At rest a fed region has one level; in a steady state nothing can hold two."""
    other = fed(electrochemical_potential=0.1)
    model = bar({"left": fed(electrochemical_potential=0.0), "right": other})
    with pytest.raises(InputError, match="hold it at"):
        model.steady()


def test_a_fed_region_needs_no_amount():
    """Its reservoir sets the level, so that an amount beside it is refused."""
    contacts = {"left": LI, "right": fed()}
    model = bar(contacts)
    amount = Conserved(carrier="Li", regions=("a", "p"), amount=1e-12)
    with pytest.raises(InputError, match="both conserved and connected to a reservoir"):
        Model(model.mesh, model.materials, contacts=contacts, conserved=[amount]).equilibrium()
