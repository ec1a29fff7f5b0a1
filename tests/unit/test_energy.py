"""The free energy falls on every way to rest, and its slope is the charge of a contact."""

import numpy as np
import pytest

from pyscl import (
    Anisotropic,
    Carrier,
    Coating,
    Conserved,
    Hysteresis,
    Interface,
    Johnson,
    Landau,
    Langevin,
    Material,
    Model,
    NonIdeal,
    Periodic,
    PotentialContact,
    Remanent,
    ReservoirContact,
    SolverOptions,
    TransientOptions,
    _core,
)
from pyscl.carriers import core_statistics
from pyscl.errors import InputError
from pyscl.materials import Blakemore, Boltzmann, FermiDiracHalf, LatticeGas, OpenCircuit
from pyscl.mesh import strip
from pyscl.polar_states import UniformPolarization, start_polarization
from pyscl.polarization import core_polarization
from pyscl.postprocess.energy import johnson_energy, langevin_energy
from pyscl.postprocess.mixing import fermi_dirac_three_halves, mixing_energy
from pyscl.solution import Solution
from pyscl.study.newton import NewtonHistory

NM = 1e-9
T = 298.0
FERRO = Landau(coefficients="BaTiO3-Bell-Cross", extrapolation_length="2 nm", axes="20 deg")
LAWS = {
    "linear": None,
    "anisotropic": Anisotropic(along=100.0, across=20.0, axes="30 deg"),
    "johnson": Johnson(relative_permittivity=300.0, coefficient=1e10),
    "langevin": Langevin(
        background_permittivity=10.0, saturation=0.05, zero_field_permittivity=300.0
    ),
    "remanent": Remanent(polarization=0.1, relative_permittivity=30.0, axes="40 deg"),
    "landau": FERRO,
}
TABLE = NonIdeal(site_fraction=(0.02, 0.2, 0.5, 0.7, 0.97), excess=(1.5, 0.6, -0.4, -0.7, -1.5))
CURVE = OpenCircuit(formula="4.2 - 0.5*x", range=(0.01, 0.99), reference=3.95, share=0.5)
STATISTICS = [Boltzmann(), LatticeGas(), Blakemore(), FermiDiracHalf(), TABLE, CURVE]


def ions(statistics="lattice-gas", **changes):
    given = {
        "name": "Li",
        "charge": 1,
        "site_density": 1e27,
        "site_fraction": 0.3,
        "standard_potential": 0.1,
        "conductivity": 1e-3,
        "statistics": statistics,
    } | changes
    limited = Carrier(**given | {"mobility": "dilute"}).statistics.site_limited
    return Carrier(**given | {"mobility": "vacancy" if limited else "dilute"})


def cell(law=None, voltage=0.3, *, statistics="lattice-gas", closed=False, contact=None, **more):
    """A dielectric fe beside a conductor se, between an electrode and a reservoir or electrode."""
    mesh = strip(
        np.linspace(0.0, 8.0, 17) * NM, 3 * NM, 3, regions=[("fe", 4 * NM), ("se", 8 * NM)]
    )
    fe = Material(polarization=law) if law else Material(relative_permittivity=30.0)
    se = Material(relative_permittivity=12.0, carriers=(ions(statistics),))
    right = PotentialContact(potential=0.0) if closed else ReservoirContact(carrier="Li")
    return Model(
        mesh,
        {"fe": fe, "se": se},
        contacts={"left": PotentialContact(potential=voltage, **(contact or {})), "right": right},
        conserved=[Conserved(carrier="Li", regions=("se",))] if closed else [],
        temperature=T,
        **more,
    )


def poled(model):
    polar = isinstance(model.materials["fe"].polarization, Landau)
    start = UniformPolarization() if polar else None
    return model.equilibrium(polarization=start, options=SolverOptions(tolerance=1e-11))


def slope(make, voltage=0.3, step=2e-4):
    """Return dF/dV by a central difference over equilibria."""
    high, low = (poled(make(voltage + s * step)).energy().total for s in (1.0, -1.0))
    return (high - low) / (2.0 * step)


COATING = Coating(
    thickness="1 nm", material=Material(relative_permittivity=20.0, background_charge=2e6)
)
CELLS = {
    **{name: {"law": law} for name, law in LAWS.items()},
    "axisymmetric": {"law": LAWS["johnson"], "coordinates": "axisymmetric"},
    "axisymmetric-anisotropic": {"law": LAWS["anisotropic"], "coordinates": "axisymmetric"},
    "closed": {"law": LAWS["langevin"], "closed": True},
    "fixed": {"fixed_polarization": {"fe": (0.05, 0.01)}},
    "compact-contact": {"contact": {"compact_capacitance": 0.2}},
    "compact-interface": {
        "interfaces": {"fe|se": Interface(compact_capacitance=0.2, surface_charge=0.02)}
    },
    "coating": {"interfaces": {"fe|se": Interface(coating=COATING)}},
    **{law.law: {"statistics": law} for law in STATISTICS if not isinstance(law, LatticeGas)},
}


@pytest.mark.parametrize("case", CELLS)
def test_the_slope_is_minus_the_charge_of_the_contact(case):
    """From one equilibrium to its neighbour the free energy shall change by -Q dV."""
    charge = poled(cell(**CELLS[case])).contact("left").charge
    assert slope(lambda v: cell(voltage=v, **CELLS[case])) == pytest.approx(-charge, rel=1e-6)


def test_a_reservoir_under_bias_moves_charge_and_ions():
    """dF/dV of a reservoir with a potential is -Q - z e N: both are lifted by its voltage."""
    mesh = strip(np.linspace(0.0, 8.0, 41) * NM, NM)
    material = Material(relative_permittivity=12.0, carriers=(ions(),))
    model = Model(
        mesh,
        {"electrolyte": material},
        contacts={
            "left": ReservoirContact(carrier="Li", potential=0.1),
            "right": PotentialContact(potential=0.0),
        },
        temperature=T,
    )
    options = SolverOptions(tolerance=1e-11)
    state, high, low = (model.steady({"left": v}, options=options) for v in (0.05, 0.0502, 0.0498))
    moved = state.amount("Li") * 96485.33212331 + state.contact("left").charge
    found = (high.energy().total - low.energy().total) / 4e-4
    assert found == pytest.approx(-moved, rel=1e-6)


def test_a_coating_with_carriers_has_its_own_energy():
    """Ions inside a coating between two conductors count at its interface."""
    mesh = strip(np.linspace(0.0, 8.0, 33) * NM, NM, 1, regions=[("a", 4 * NM), ("b", 8 * NM)])
    between = Material(
        relative_permittivity=20.0, carriers=(ions(site_fraction=0.1, standard_potential=0.15),)
    )
    law = Interface(coating=Coating(thickness="1 nm", material=between))

    def make(voltage):
        return Model(
            mesh,
            {n: Material(relative_permittivity=12.0, carriers=(ions(),)) for n in "ab"},
            contacts={
                "left": PotentialContact(potential=voltage),
                "right": ReservoirContact(carrier="Li"),
            },
            interfaces={"a|b": law},
            temperature=T,
        ).equilibrium(options=SolverOptions(tolerance=1e-11))

    state = make(0.3)
    assert state.energy().regions["a|b"].mixing != 0.0
    found = (make(0.3002).energy().total - make(0.2998).energy().total) / 4e-4
    assert found == pytest.approx(-state.contact("left").charge, rel=1e-6)


def test_a_jump_between_periodic_sides_does_work():
    """An insulator under a jump of phi is a capacitor: F = -C V^2/2, without any contact."""
    mesh = strip(np.linspace(0.0, 10.0, 11) * NM, NM)
    model = Model(
        mesh,
        {"electrolyte": Material(relative_permittivity=20.0)},
        periodic=[Periodic(sides=("left", "right"), potential_jump=0.5)],
    )
    capacitance = 8.8541878188e-12 * 20.0 * NM / (10 * NM)
    energy = model.equilibrium().energy()
    assert energy.electric == pytest.approx(0.5 * capacitance * 0.25, rel=1e-9)
    assert energy.work == pytest.approx(-capacitance * 0.25, rel=1e-9)


def test_a_capacitor_by_hand():
    mesh = strip(np.linspace(0.0, 10.0, 11) * NM, NM)
    model = Model(
        mesh,
        {"electrolyte": Material(relative_permittivity=20.0)},
        contacts={"left": PotentialContact(potential=1.5), "right": PotentialContact(potential=0)},
    )
    half = 0.5 * 8.8541878188e-12 * 20.0 * NM / (10 * NM) * 1.5**2
    energy = model.equilibrium().energy()
    assert energy.electric == pytest.approx(half, rel=1e-9)
    assert energy.total == pytest.approx(-half, rel=1e-9)
    assert energy.unit == "J/m"
    assert energy.mixing == energy.landau == energy.exchange == 0.0
    assert energy.to_dict()["total [J/m]"] == energy.total
    assert set(energy.to_dict()["regions"]["electrolyte"]) == {
        f"{part} [J/m]" for part in ("landau", "gradient", "surface", "electric", "mixing")
    }


def test_a_cylindrical_capacitor_by_hand():
    """Between coaxial plates the energy is pi eps h V^2 / ln(b/a), in J."""
    mesh = strip(np.linspace(5.0, 10.0, 201) * NM, NM)
    model = Model(
        mesh,
        {"electrolyte": Material(relative_permittivity=20.0)},
        contacts={"left": PotentialContact(potential=1.5), "right": PotentialContact(potential=0)},
        coordinates="axisymmetric",
    )
    energy = model.equilibrium().energy()
    expected = np.pi * 8.8541878188e-12 * 20.0 * NM * 1.5**2 / np.log(2.0)
    assert energy.electric == pytest.approx(expected, rel=1e-4)
    assert energy.unit == "J"


def test_a_single_domain_has_the_energy_of_its_polynomial():
    """Between short-circuited electrodes P is the spontaneous one, and only f(P) is left."""
    law = Landau(coefficients="BaTiO3-Bell-Cross")
    mesh = strip(np.linspace(0.0, 10.0, 6) * NM, 2 * NM)
    model = Model(
        mesh,
        {"electrolyte": Material(polarization=law)},
        contacts={n: PotentialContact(potential=0.0) for n in ("left", "right")},
        temperature=T,
    )
    energy = model.equilibrium(polarization=UniformPolarization()).energy()
    polynomial = law.polynomial(T)
    expected = float(polynomial.energy(polynomial.spontaneous_polarization(), 0.0)) * 20 * NM**2
    assert energy.landau == pytest.approx(expected, rel=1e-10)
    assert energy.total == pytest.approx(expected, rel=1e-10)
    assert abs(energy.gradient) < 1e-12 * abs(expected)


# --- every way to rest -----------------------------------------------------------------------


@pytest.mark.parametrize("mobile", [False, True], ids=["insulating", "with ions"])
def test_it_falls_in_time(mobile):
    """P and ions relaxing at fixed voltage after a step shall never raise the free energy."""
    law = FERRO.model_copy(update={"viscosity": 0.1})
    if mobile:
        model = cell(law, voltage=0.0)
    else:
        mesh = strip(np.linspace(0.0, 8.0, 17) * NM, 3 * NM, 3, regions=[("fe", 8 * NM)])
        model = Model(
            mesh,
            {"fe": Material(polarization=law)},
            contacts={n: PotentialContact(potential=0.0) for n in ("left", "right")},
            temperature=T,
        )
    start = model.equilibrium(polarization=UniformPolarization())
    trajectory = model.transient(
        ["Step to -1 V for 2 ns"],
        contact="left",
        reference="right",
        start=start,
        options=TransientOptions(save="all"),
    )
    later = [s for s in trajectory.solutions if s.time > 0.0]
    energy = np.array([s.energy().total for s in later])
    assert len(energy) > 20
    released = energy[0] - energy[-1]
    assert released > 0.0
    assert np.diff(energy).max() < 1e-9 * released


@pytest.mark.parametrize("share", [0.8, 5.0])
def test_it_falls_in_pseudo_time(share):
    """Every step of P from an opposite domain towards rest shall lower the free energy.

    Steps over the time in which a P of 0 grows by e; the fields follow at once.
    """
    model = cell(FERRO)
    law = core_polarization(model.materials["fe"], model.discretized.scaling)
    growth = -law.stiffness([0.0, 0.0])[0] / law.viscosity
    assert growth > 0.0
    assembly = model.conditions.equilibrium()
    newton = _core.NewtonIteration(model.discretized.node_rank)
    u = start_polarization(model, model.conditions.start_state(), UniformPolarization(0.5, 160.0))
    energy = []
    for _ in range(60):
        assembly.start_from(u, growth / share)
        result = newton.solve(assembly, u, SolverOptions().control())
        assert result.converged
        u = result.u
        history = NewtonHistory(kind="equilibrium", iterations=())
        state = Solution(model, u, kind="equilibrium", bias={}, history=history)
        energy.append(state.energy().total)
    released = energy[0] - energy[-1]
    assert released > 1e-4 * abs(energy[-1])
    assert np.diff(energy).max() < 1e-9 * released


# --- parts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("law", STATISTICS, ids=lambda law: law.law)
def test_the_energy_of_mixing_is_the_integral_of_the_statistics(law):
    """Its derivative by y is eta, and it is 0 for empty sites."""
    statistics = core_statistics(law, T)
    eta = np.array([-9.0, -2.0, -0.1, 0.3, 2.5, 6.0])
    step = 1e-4

    def energy(eta):
        y, vacancy, _ = _core.occupancy(statistics, eta)
        return mixing_energy(law, T, eta, y, vacancy), y

    (high, above), (low, below) = energy(eta + step), energy(eta - step)
    np.testing.assert_allclose((high - low) / (above - below), eta, atol=2e-6)
    assert abs(energy(np.array([-300.0]))[0][0]) < 1e-60


def test_fermi_dirac_integral_meets_its_limits():
    """F_3/2 -> exp(eta) for empty bands, (8/15/sqrt(pi)) eta^2.5 (1 + 5 pi^2/8 eta^-2) for full."""
    low, high = np.array([-30.0, -20.0]), np.array([150.0, 300.0])
    np.testing.assert_allclose(fermi_dirac_three_halves(low), np.exp(low), rtol=1e-8)
    sommerfeld = 8.0 / 15.0 / np.sqrt(np.pi) * high**2.5 * (1.0 + 0.625 * (np.pi / high) ** 2)
    np.testing.assert_allclose(fermi_dirac_three_halves(high), sommerfeld, rtol=1e-7)


@pytest.mark.parametrize(
    ("law", "energy"),
    [(LAWS["johnson"], johnson_energy), (LAWS["langevin"], langevin_energy)],
    ids=["johnson", "langevin"],
)
def test_the_field_energy_is_the_integral_of_field_over_polarization(law, energy):
    """d(energy) = E dP, on both sides of the field where the series begins."""
    e = np.geomspace(1e4, 1e9, 31)
    h = 1e-3 * e
    work = e * (law.excess(e + h) - law.excess(e - h)) / (2.0 * h)
    slope = (energy(law, e + h) - energy(law, e - h)) / (2.0 * h)
    np.testing.assert_allclose(slope, work, rtol=1e-4)
    assert energy(law, np.array([0.0]))[0] == 0.0


def test_parts_are_there_where_the_total_is_refused():
    hysteresis = Hysteresis(
        background_permittivity=20.0, saturation=0.2, remanence=0.1, coercive_field=2e7
    )
    energy = poled(cell(hysteresis)).energy()
    assert energy.electric > 0.0
    with pytest.raises(InputError, match="hysteresis of region 'fe' depends on the path"):
        _ = energy.total
    assert "total [J/m]" not in energy.to_dict()
    conductor = Model(
        strip(np.linspace(0.0, 8.0, 17) * NM),
        {"electrolyte": Material(relative_permittivity=12.0, carriers=(ions(),))},
        contacts={n: ReservoirContact(carrier="Li") for n in ("left", "right")},
    )
    driven = conductor.steady({"left": 0.02}).energy()
    assert driven.electric > 0.0
    with pytest.raises(InputError, match="'left', 'right' drive a current of 'Li'"):
        _ = driven.total
    assert np.isfinite(conductor.equilibrium().energy().total)
