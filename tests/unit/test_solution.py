"""Fields, integrals, contacts, interfaces and cuts of a solution: names, units, consistency."""

import numpy as np
import pytest
from approx import relative
from models import KT, NM, T, conductor, site_density, slab_between_reservoirs, two_conductors
from scipy.constants import Avogadro, elementary_charge

from pyscl import InputError, Material, Model, PotentialContact, ReservoirContact, Solution
from pyscl.mesh import rectangle, strip


def at(x, place):
    return np.abs(x - place) < 1e-4 * NM


@pytest.fixture(scope="module")
def biased():
    return two_conductors().steady({"left": 5 * KT})


@pytest.fixture(scope="module")
def ohmic():
    """A slab of constant conductivity 2e-2 S/m, 10 nm x 4 nm, under 10 mV."""
    material = conductor(mobility="constant-conductivity", conductivity=2e-2)
    contacts = {
        side: ReservoirContact(carrier="Li", potential="neutral") for side in ("left", "right")
    }
    mesh = rectangle(20, 4, 10 * NM, 4 * NM)
    return Model(mesh, {"electrolyte": material}, contacts=contacts).steady({"left": "10 mV"})


def test_every_field_has_name_unit_and_shape(biased):
    units = {
        "potential": "V",
        "electric_field": "V/m",
        "charge_density": "C/m^3",
        "site_fraction_Li": "1",
        "concentration_Li": "mol/m^3",
        "electrochemical_potential_Li": "eV",
        "current_density_Li": "A/m^2",
    }
    assert set(biased.field_names) == set(units)
    for name, unit in units.items():
        field = biased[name]
        assert (field.name, field.unit) == (name, unit)
        shape = {"site": (len(biased.site_points),), "triangle": (biased.model.mesh.n_triangles, 2)}
        assert field.values.shape == shape[field.location]
        assert np.isfinite(field.values).all()


def test_unknown_names_are_refused_with_the_nearest(biased):
    for work, words in (
        (lambda: biased["potental"], "Did you mean 'potential'"),
        (lambda: biased["site_fraction_Lo"], "Did you mean 'site_fraction_Li'"),
        (lambda: biased.site_fraction("li"), "no carrier 'li'.*Did you mean 'Li'"),
        (lambda: biased.contact("lft"), "no contact 'lft'.*Did you mean 'left'"),
        (lambda: biased.interface("a|d"), r"no interface 'a\|d'.*Did you mean 'a\|b'"),
        (lambda: biased.amount("Li", "c"), "no region 'c'"),
        (lambda: biased.charge("c"), "no region 'c'"),
    ):
        with pytest.raises(InputError, match=words):
            work()


def test_sites_copy_the_nodes_of_an_interface_per_region(biased):
    mesh = biased.model.mesh
    on_interface = at(mesh.points[:, 0], 10 * NM).sum()
    assert len(biased.site_points) == mesh.n_points + on_interface
    assert np.array_equal(biased.site_points[biased.site_triangles], mesh.points[mesh.triangles])
    assert biased.site_volume.sum() == relative(20 * NM * 4 * NM, 1e-13)
    jump = at(biased.site_points[:, 0], 10 * NM)
    sides = [np.flatnonzero(jump & (biased.site_region == r)) for r in (0, 1)]
    assert np.array_equal(biased.site_points[sides[0]], biased.site_points[sides[1]])
    y, mu = biased.site_fraction("Li"), biased["electrochemical_potential_Li"].values
    assert (y[sides[0]] - y[sides[1]] > 0.1).all()  # densities jump there ...
    assert np.array_equal(mu[sides[0]], mu[sides[1]])  # ... mu does not


def test_fields_agree_with_each_other(biased):
    """Y = 1 / (1 + exp(-(mu - e phi - mu0) / kT)), c = y c_max, rho = e c + background."""
    model = biased.model
    phi, mu = biased["potential"].values, biased["electrochemical_potential_Li"].values
    y, vacancy = biased.site_fraction("Li"), biased.vacant_fraction("Li")
    materials = [model.materials[r] for r in model.mesh.region_names]
    carrier = [m.carriers[0] for m in materials]
    mu0 = np.array([c.standard_potential for c in carrier])[biased.site_region]
    sites = np.array([c.site_density for c in carrier])[biased.site_region]
    fixed = np.array([m.fixed_charge for m in materials])[biased.site_region]
    assert y == relative(1.0 / (1.0 + np.exp(-(mu - phi - mu0) / KT)), 1e-10)
    assert np.array_equal(biased["site_fraction_Li"].values, y)
    assert y + vacancy == pytest.approx(1.0, abs=1e-15)
    assert biased["concentration_Li"].values == relative(y * sites / Avogadro, 1e-13)
    rho = elementary_charge * y * sites + fixed
    assert biased["charge_density"].values == pytest.approx(rho, abs=1e-12 * np.abs(fixed).max())


def test_carriers_are_absent_where_they_do_not_live():
    mesh = strip(np.linspace(0.0, 6 * NM, 13), 2 * NM, 2, [("a", 3 * NM), ("b", 6 * NM)])
    oxide = Material(name="oxide", relative_permittivity=8.0)
    contacts = {
        "left": ReservoirContact(carrier="Li"),
        "right": PotentialContact(potential=0.2),
    }
    solution = Model(mesh, {"a": conductor(), "b": oxide}, contacts=contacts).equilibrium()
    inside = solution.site_region == 0
    for name in ("site_fraction_Li", "concentration_Li", "electrochemical_potential_Li"):
        assert np.isnan(solution[name].values[~inside]).all()
        assert np.isfinite(solution[name].values[inside]).all()
    assert (solution["charge_density"].values[~inside] == 0.0).all()
    assert solution.amount("Li") == relative(solution.amount("Li", "a"), 1e-14)
    assert solution.amount("Li", "b") == 0.0
    assert (solution["current_density_Li"].values[mesh.region == 1] == 0.0).all()


def test_ohms_law(ohmic):
    """J = sigma V / L everywhere, I = J times the width."""
    density = 2e-2 * 0.01 / (10 * NM)
    expected = np.tile([density, 0.0], (ohmic.model.mesh.n_triangles, 1))
    assert ohmic["current_density_Li"].values == pytest.approx(expected, abs=1e-9 * density)
    left = ohmic.contact("left")
    assert left.unit == "A/m"
    assert left.currents == {"Li": left.current}
    assert left.current == relative(density * 4 * NM, 1e-9)
    assert ohmic.contact("right").current == relative(-density * 4 * NM, 1e-9)
    assert ohmic["electric_field"].values == pytest.approx(
        np.tile([0.01 / (10 * NM), 0.0], (ohmic.model.mesh.n_triangles, 1)), rel=1e-6, abs=10.0
    )


def test_ohms_law_in_the_round():
    """Between the ends of a cylinder: I = sigma V pi R^2 / L."""
    material = conductor(mobility="constant-conductivity", conductivity=2e-2)
    contacts = {
        side: ReservoirContact(carrier="Li", potential="neutral") for side in ("bottom", "top")
    }
    model = Model(
        rectangle(5, 8, 3 * NM, 10 * NM),
        {"electrolyte": material},
        contacts=contacts,
        coordinates="axisymmetric",
    )
    contact = model.steady({"top": 0.01}).contact("top")
    assert contact.unit == "A"
    exact = 2e-2 * 0.01 * np.pi * (3 * NM) ** 2 / (10 * NM)
    assert contact.current == relative(exact, 1e-9)


def test_the_amount_in_the_neutral_bulk():
    solution = Model(
        rectangle(4, 3, 8 * NM, 6 * NM),
        {"electrolyte": conductor(y=0.3)},
        contacts={"left": ReservoirContact(carrier="Li")},
        temperature=T,
    ).equilibrium()
    density = site_density(0.5 * NM, 10.0, 0.3) * 0.3
    assert solution.amount("Li") == relative(density * 48 * NM**2 / Avogadro, 1e-9)
    assert solution.potential == pytest.approx(np.full(20, solution.potential[0]), abs=1e-12)
    assert solution["site_fraction_Li"].values == relative(0.3, 1e-9)
    assert abs(solution.charge()) < 1e-9 * elementary_charge * density * 48 * NM**2


def test_debye_hueckel_layer_of_a_charged_surface():
    """A weak layer: charge = eps phi_s / lambda per area, decay exp(-x / lambda)."""
    slab = slab_between_reservoirs(potential=0.01 * KT)
    solution = slab.equilibrium()
    charge = solution.contact("left").charge / NM  # the strip is 1 nm wide
    eps = 10.0 * 8.8541878128e-12
    assert charge == relative(eps * 0.01 * KT / (0.5 * NM), 6e-3)
    x = slab.mesh.points[:, 0]
    near = x < 2 * NM
    assert solution.potential[near] == pytest.approx(
        0.01 * KT * np.exp(-x[near] / (0.5 * NM)), abs=5e-3 * 0.01 * KT
    )


def test_interface_reports_potential_and_layers(biased):
    equilibrium = biased.model.equilibrium()
    interface = equilibrium.interface("b|a")
    assert interface.name == "a|b"
    assert interface.measure == relative(4 * NM, 1e-12)
    first, second = interface.sides
    assert (first.region, second.region) == ("a", "b")
    x = equilibrium.model.mesh.points[:, 0]
    mean = equilibrium.potential[at(x, 10 * NM)].mean()
    assert interface.potential == pytest.approx(mean, abs=1e-3 * KT)
    assert first.charge * second.charge < 0.0
    assert 0.0 < first.width < 10 * NM
    here = equilibrium.site_region == 0
    on = at(equilibrium.site_points[:, 0], 10 * NM) & here
    y = equilibrium.site_fraction("Li")[on]
    assert (first.least["Li"], first.most["Li"]) == (y.min(), y.max())
    assert set(interface.to_dict()["sides"]) == {"a", "b"}


def test_a_cut_samples_all_fields(biased):
    x, y = biased.model.mesh.points.T
    row = np.flatnonzero(at(y, 4 / 3 * NM))
    row = row[np.argsort(x[row])]
    cut = biased.cut((0.0, y[row[0]]), (20 * NM, y[row[0]]), points=81)
    assert set(cut.fields) == set(biased.field_names)
    assert cut.distance[[0, -1]] == pytest.approx([0.0, 20 * NM])
    assert cut.region[0] == "a"
    assert cut.region[-1] == "b"
    exact = np.interp(cut.distance, x[row], biased.potential[row])
    assert cut.fields["potential"] == pytest.approx(exact, abs=1e-12)
    assert cut.units["potential"] == "V"
    beyond = biased.cut((-5 * NM, 2 * NM), (5 * NM, 2 * NM), points=11)
    assert (beyond.region[:5] == "").all()
    assert np.isnan(beyond.fields["potential"][:5]).all()
    assert np.isfinite(beyond.fields["potential"][6:]).all()


@pytest.mark.parametrize(
    ("start", "end", "points"),
    [
        ((0.0, 0.0), (0.0, 0.0), 10),
        ((0.0, 0.0), (1e-9, 0.0), 1),
        ((0.0, float("nan")), (1e-9, 0.0), 10),
        ((0.0, 1.0), (1.0, 1.0), 10),
    ],
    ids=["one point", "one sample", "nan", "beside the mesh"],
)
def test_cuts_that_make_no_sense_are_refused(biased, start, end, points):
    with pytest.raises(InputError, match="cut"):
        biased.cut(start, end, points)


def test_states_that_are_not_finite_are_refused(biased):
    with pytest.raises(InputError, match="not finite"):
        Solution(
            biased.model,
            np.full_like(biased.unknowns, np.nan),
            kind="steady",
            bias={},
            history=biased.history,
        )


def test_a_start_keeps_its_potentials_in_volts_at_another_temperature():
    cold = two_conductors().equilibrium()
    warm = Model(
        cold.model.mesh, cold.model.materials, contacts=cold.model.contacts, temperature=2 * T
    )
    assert cold.unknowns_for(warm) == relative(0.5 * cold.unknowns, 1e-14)
    again = cold.unknowns_for(cold.model)
    assert np.array_equal(again, cold.unknowns)
    assert again is not cold.unknowns


def test_repr_names_the_study_and_the_fields(biased):
    assert repr(biased).startswith("Solution(steady, ")
    assert "site_fraction_Li" in repr(biased)
    assert biased.bias == {"left": 5 * KT}
