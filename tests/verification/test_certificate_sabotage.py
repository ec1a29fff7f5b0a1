"""The certificate catches corrupted results, and raises no alarm on good ones."""

import copy
from dataclasses import replace

import h5py
import numpy as np
import pytest
from films import UNIAXIAL, film
from models import KT, NM, T, blocking_cell, conductor, slab_between_reservoirs, two_conductors
from random_composites import composite

from pyscl import (
    ButlerVolmer,
    Carrier,
    Coating,
    Conserved,
    FloatingConductor,
    Interface,
    Material,
    Model,
    PotentialContact,
    ReservoirContact,
    Solution,
)
from pyscl.certificate import certify
from pyscl.mesh import graded, strip
from pyscl.study.newton import SolverOptions
from pyscl.study.transient import TransientOptions
from pyscl.verification.disc_setups import conducting_cell, dielectric_cell
from pyscl.verification.transient_setups import particle

LAW = ButlerVolmer(exchange_current=10.0, symmetry=0.4, occupancy=True)
NEUTRAL = ReservoirContact(carrier="Li", potential="neutral")


def failing(certificate):
    """Names of the failed checks."""
    return {check.name for check in certificate.failed}


def quick(result, model=None):
    return certify(result, model, estimate="none")


@pytest.fixture(scope="module")
def model():
    return two_conductors()


@pytest.fixture(scope="module")
def equilibrium(model):
    return model.equilibrium()


@pytest.fixture(scope="module")
def steady(model):
    return model.steady({"left": 5 * KT})


def tampered(solution, change, **more):
    """A copy of a solution whose unknowns a function has changed."""
    u = solution.unknowns.copy()
    change(u, solution.model.discretized)
    values = {"kind": solution.kind, "bias": solution.bias, "history": solution.history} | more
    return Solution(solution.model, u, **values)


def inside(d, region, carrier=None):
    """Unknowns of phi, or of the mu of a carrier, that belong to one region only."""
    dofs = d.site_phi if carrier is None else d.site_dofs[:, carrier]
    here = d.site_region == region
    return np.setdiff1d(dofs[here], dofs[~here])


# Corrupted unknowns.


@pytest.mark.parametrize("shift", [1e-4, 0.1, -3.0])
def test_a_shifted_potential_in_a_region_is_caught(equilibrium, shift):
    def change(u, d):
        u[inside(d, 1)] += shift

    found = failing(quick(tampered(equilibrium, change)))
    assert found >= {"residual of Gauss's law", "Gauss closure", "Newton correction"}


@pytest.mark.parametrize("shift", [1e-6, 1.0])
def test_a_shifted_level_in_a_grain_is_caught(equilibrium, steady, shift):
    def change(u, d):
        u[inside(d, 1, 0)] += shift

    assert "equilibrium of the carrier" in failing(quick(tampered(equilibrium, change)))
    assert "residual of the carrier balance" in failing(quick(tampered(steady, change)))


@pytest.mark.parametrize("unknown", ["phi", "mu"])
def test_one_unknown_that_was_changed_is_caught(steady, unknown):
    def change(u, d):
        middle = d.site_phi[len(d.site_phi) // 3]
        u[middle if unknown == "phi" else d.site_dofs[len(d.site_phi) // 3, 0]] += 1e-5

    name = {"phi": "residual of Gauss's law", "mu": "residual of the carrier balance"}[unknown]
    assert name in failing(quick(tampered(steady, change)))


def test_lost_carriers_are_caught():
    """In a closed cell one level serves all; only the amount tells."""
    solution = blocking_cell().equilibrium()

    def change(u, d):
        u[d.n_nodes : d.first_terminal_dof] -= 1e-6

    found = failing(quick(tampered(solution, change)))
    assert "amount of the carrier" in found


def test_a_value_that_is_no_number_is_caught(equilibrium):
    broken = tampered(equilibrium, lambda u, d: None)
    broken.unknowns[7] = np.nan
    assert failing(quick(broken)) == {"finite values"}


def test_a_leak_in_the_middle_is_caught(steady):
    """A sink of the current: the part on its right carries less."""

    def change(u, d):
        mu = d.site_dofs[:, 0]
        right = d.site_region == 1
        u[mu[right]] *= 0.5  # the right contact stays at mu = 0

    found = failing(quick(tampered(steady, change)))
    assert "same current through all cross-sections" in found
    assert "equal currents at both ends" in found


def test_a_wrong_bias_is_caught(steady):
    found = failing(quick(tampered(steady, lambda u, d: None, bias={"left": 4.999 * KT})))
    assert found >= {"voltage of the contact", "level of the reservoir", "Newton correction"}


def test_a_solve_that_was_stopped_early_is_caught(model, equilibrium):
    """A state half way, with the history of a converged one, and with its own."""
    biased = model.steady({"left": 5 * KT}, equilibrium)

    for share, names in (
        (0.9, {"Newton correction", "residual of Gauss's law", "residual of the carrier balance"}),
        (0.999999, {"Newton correction"}),
    ):

        def change(u, d, share=share):
            u[:] = equilibrium.unknowns + share * (biased.unknowns - equilibrium.unknowns)

        assert failing(quick(tampered(biased, change))) >= names
    unfinished = replace(biased.history, converged=False)
    assert failing(quick(tampered(biased, lambda u, d: None, history=unfinished))) == {
        "convergence"
    }
    loose = model.steady({"left": 5 * KT}, options=SolverOptions(tolerance=1.0))
    assert "convergence" in failing(quick(loose))


def test_a_smooth_error_in_an_insulator_is_caught():
    """No charge screens it and every node is nearly content; a further iteration is not."""
    mesh = strip(np.linspace(0.0, 50.0, 401) * NM, NM)
    sides = {s: PotentialContact(potential=v) for s, v in (("left", 0.0), ("right", 1.0))}
    solution = Model(mesh, {"electrolyte": Material(relative_permittivity=5.0)}, contacts=sides)
    x = mesh.points[:, 0] / mesh.points[:, 0].max()

    def change(u, d):
        u[: d.n_nodes] += 1e-5 * np.sin(np.pi * x)

    assert "Newton correction" in failing(quick(tampered(solution.equilibrium(), change)))


# Corrupted reports.


class SignError(Solution):
    """A solution that reports the current of one contact with the wrong sign."""

    def contact(self, name):
        result = super().contact(name)
        if name != "right":
            return result
        return replace(result, currents={c: -i for c, i in result.currents.items()})


def test_a_sign_error_of_a_contact_current_is_caught(steady):
    wrong = copy.copy(steady)
    wrong.__class__ = SignError
    certificate = quick(wrong)
    assert "equal currents at both ends" in failing(certificate)
    assert [
        c.place for c in certificate.named("current of the contact") if c.status != "passed"
    ] == ["right"]


class LostCharge(Solution):
    """A solution that reports too small a charge of its contacts."""

    def contact(self, name):
        result = super().contact(name)
        return replace(result, charge=0.999 * result.charge)


def test_a_wrong_charge_of_a_contact_is_caught():
    solution = slab_between_reservoirs().equilibrium()
    assert "balance of charge" not in failing(quick(solution))
    solution.__class__ = LostCharge
    assert failing(quick(solution)) == {"balance of charge"}


@pytest.mark.parametrize("value", [1.02, -0.01, 0.4999])
def test_a_reported_site_fraction_that_is_wrong_is_caught(equilibrium, value):
    wrong = copy.copy(equilibrium)
    field = equilibrium["site_fraction_Li"]
    values = field.values.copy()
    values[5] = value
    wrong._fields = {"site_fraction_Li": replace(field, values=values)}
    found = failing(quick(wrong))
    assert "statistics of the carrier" in found
    assert ("bounds of the site fraction" in found) == (not 0.0 < value < 1.0)


@pytest.mark.parametrize(
    "field", ["potential", "electric_field", "charge_density", "current_density_Li"]
)
def test_a_reported_field_with_the_wrong_sign_is_caught(steady, field):
    wrong = copy.copy(steady)
    wrong._fields = {field: replace(steady[field], values=-steady[field].values)}
    assert failing(quick(wrong)) == {"reported fields"}


def test_a_tampered_file_is_caught(steady, tmp_path):
    path = tmp_path / "solution.h5"
    steady.save(path)
    assert not failing(quick(path))
    with h5py.File(path, "r+") as file:
        file["fields/potential"][3] += 1e-3
    assert failing(quick(path)) == {"fields of the file"}
    with h5py.File(path, "r+") as file:
        file["unknowns"][3] += 1e-3
    assert "residual of Gauss's law" in failing(quick(path))


def test_a_tampered_spectrum_is_caught():
    spectrum = two_conductors().equilibrium().impedance(["1 kHz", "1 GHz"])
    active = replace(spectrum, impedance=-spectrum.impedance)
    assert failing(quick(active)) == {
        "passive response", "parts of the impedance", "impedance solved again"
    }  # fmt: skip
    lost = replace(spectrum, contributions=spectrum.contributions[1:])
    assert failing(quick(lost)) == {"parts of the impedance"}
    empty = replace(spectrum, impedance=spectrum.impedance * [np.nan, 1.0])
    assert "finite values of the spectrum" in failing(quick(empty))


def changed(spectrum, f):
    """A spectrum whose values, parts included, a function has changed."""
    parts = tuple(replace(part, values=f(part.values)) for part in spectrum.contributions)
    return replace(spectrum, impedance=f(spectrum.impedance), contributions=parts)


@pytest.fixture(scope="module")
def spectrum():
    return two_conductors().equilibrium().impedance(np.geomspace(1e3, 1e10, 29))


def swapped_parts(spectrum):
    parts = spectrum.contributions
    values = [part.values for part in reversed(parts)]
    both = zip(parts, values, strict=True)
    return replace(spectrum, contributions=tuple(replace(p, values=v) for p, v in both))


@pytest.mark.parametrize(
    ("sabotage", "names"),
    [
        (lambda s: changed(s, lambda z: 2.0 * z), {"impedance solved again"}),
        (
            lambda s: changed(s, np.conj),
            {"impedance solved again", "Kramers-Kronig relations"},
        ),
        (
            lambda s: changed(s, lambda z: z[::-1]),
            {"impedance solved again", "Kramers-Kronig relations"},
        ),
        (
            lambda s: replace(s, frequencies=2.0 * np.pi * s.frequencies),
            {"impedance solved again"},
        ),
        (
            lambda s: replace(s, frequencies=s.frequencies[::-1]),
            {"frequencies of the spectrum"},
        ),
        (swapped_parts, {"impedance solved again"}),
    ],
    ids=["doubled", "conjugated", "reversed", "angular", "descending", "swapped parts"],
)
def test_a_spectrum_that_was_changed_as_a_whole_is_caught(spectrum, sabotage, names):
    good = quick(spectrum)
    assert not failing(good)
    (check,) = good.named("Kramers-Kronig relations")
    assert check.status == "passed"
    assert failing(quick(sabotage(spectrum))) >= names


def test_a_polarization_that_is_not_at_rest_is_caught():
    solution = film(UNIAXIAL, layer=2 * NM).equilibrium()
    assert np.abs(solution["polarization"].values).max() > 0.05

    def change(u, d):
        u[d.site_polar[d.site_polar >= 0][2]] *= 1.01

    found = failing(quick(tampered(solution, change)))
    assert found >= {"Newton correction", "residual of Gauss's law"}


# Another model than the one that was solved.


def with_material(model, region, **change):
    """The model with other properties in a region, those of its carrier by their names."""
    material = model.materials[region]
    own = {k: change.pop(k) for k in list(change) if k in Material.model_fields}
    if change:
        first, *rest = material.carriers
        own["carriers"] = (first.model_copy(update=change), *rest)
    return model.with_(materials={**model.materials, region: material.model_copy(update=own)})


@pytest.mark.parametrize(
    "change",
    [
        {"relative_permittivity": 10.01},
        {"site_fraction": 0.501},
        {"site_density": 1.001 * conductor().carriers[0].site_density},
        {"standard_potential": 1e-4},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_wrong_property_is_caught(model, equilibrium, change):
    found = failing(quick(equilibrium, with_material(model, "a", **change)))
    assert "residual of Gauss's law" in found


def test_a_wrong_charge_number_is_caught(model, equilibrium):
    two = {
        region: m.model_copy(update={"carriers": (m.carriers[0].model_copy(update={"charge": 2}),)})
        for region, m in model.materials.items()
    }
    found = failing(quick(equilibrium, model.with_(materials=two)))
    assert found >= {"residual of Gauss's law", "statistics of the carrier"}


def test_a_wrong_conductivity_is_caught(model, steady):
    found = failing(quick(steady, with_material(model, "b", conductivity=1.001e-3)))
    assert found >= {"residual of the carrier balance", "current of the contact"}


def test_swapped_regions_are_caught(model, equilibrium):
    swapped = {"a": model.materials["b"], "b": model.materials["a"]}
    found = failing(quick(equilibrium, model.with_(materials=swapped)))
    assert found >= {"residual of Gauss's law", "statistics of the carrier"}


def test_a_swapped_tag_of_some_triangles_is_caught(model, equilibrium):
    """One column of triangles beside the interface is given to the other region."""
    mesh = model.mesh
    x = mesh.points[mesh.triangles, 0].mean(axis=1)
    moved = np.where(np.abs(x - 10.02 * NM) < 0.05 * NM, 0, mesh.region)
    other = model.with_(mesh=replace(mesh, region=moved))
    found = failing(quick(equilibrium, other))
    assert "unknowns of the model" in found or "residual of Gauss's law" in found


def test_tags_that_the_unknowns_do_not_follow_are_caught(equilibrium):
    broken = copy.copy(equilibrium)
    broken.model = copy.copy(equilibrium.model)
    d = equilibrium.model.discretized
    region = d.site_region.copy()
    region[4] = 1 - region[4]
    broken.model.__dict__["discretized"] = replace(d, site_region=region)
    assert "tags of the sites" in failing(quick(broken))


def test_an_interface_that_connects_other_regions_is_caught(equilibrium):
    broken = copy.copy(equilibrium)
    broken.model = copy.copy(equilibrium.model)
    mesh = copy.copy(equilibrium.model.mesh)
    mesh.__dict__["interfaces"] = {"a|b": mesh.edges.sides[:2]}
    object.__setattr__(broken.model, "mesh", mesh)
    assert "tags of the mesh" in failing(quick(broken))


def test_a_charged_interface_that_was_forgotten_is_caught(model, equilibrium):
    charged = model.with_(interfaces={"a|b": Interface(surface_charge=1e-4)})
    found = failing(quick(equilibrium, charged))
    assert found >= {"residual of Gauss's law", "law of the interface"}


def test_a_flipped_polarization_is_caught():
    bound = Model(
        film().mesh,
        {"film": Material(relative_permittivity=50.0)},
        contacts={side: PotentialContact(potential=0.0) for side in ("left", "right")},
        fixed_polarization={"film": lambda x, y: (0.01 * x / (20 * NM), 0.0 * y)},
    )
    flipped = bound.with_(
        fixed_polarization={"film": -np.asarray(bound.fixed_polarization["film"])}
    )
    solution = bound.equilibrium()
    assert not failing(quick(solution))
    assert "residual of Gauss's law" in failing(quick(solution, flipped))


def test_a_solution_of_another_mesh_is_caught(model, equilibrium):
    assert failing(quick(equilibrium, two_conductors(layers=2))) == {"unknowns of the model"}
    wider = two_conductors(width=5 * NM)
    assert failing(quick(equilibrium, wider)) == {"unknowns of the model"}


def test_the_same_state_under_an_equal_model_in_other_scaled_units_passes():
    """Linear dielectrics do not know a temperature, but the units of the solver do."""
    mesh = strip(np.linspace(0.0, 10.0, 11) * NM)
    sides = {s: PotentialContact(potential=v) for s, v in (("left", 0.0), ("right", 1.0))}
    oxide = {"electrolyte": Material(relative_permittivity=5.0)}
    cold, hot = (Model(mesh, oxide, contacts=sides, temperature=t) for t in (200.0, 400.0))
    assert not failing(quick(cold.equilibrium(), hot))


def test_a_coarse_mesh_of_the_layers_is_caught():
    """One element per Debye length; what was solved on it is exact but wrong."""
    mesh = strip(np.linspace(0.0, 20.0, 17) * NM)
    contacts = {"left": ReservoirContact(carrier="Li", potential=KT), "right": NEUTRAL}
    coarse = Model(mesh, {"electrolyte": conductor()}, contacts=contacts, temperature=T)
    certificate = quick(coarse.equilibrium())
    assert failing(certificate) == {"elements per Debye length"}
    (check,) = certificate.named("elements per Debye length")
    assert 0.3 < check.value < 0.5  # 1.25 nm for 0.5 nm


def test_a_coarse_first_element_is_told():
    """Fine layers but for the element of 0.4 nm at the interface, Debye length 0.5 nm."""
    x = np.concatenate([np.linspace(0.0, 9.6, 193), [10.0, 12.0]]) * NM
    model = Model(
        strip(x, regions=[("a", 10 * NM), ("b", 12 * NM)]),
        {"a": conductor(), "b": Material(relative_permittivity=5.0)},
        contacts={"left": NEUTRAL, "right": PotentialContact(potential=0.01)},
        temperature=T,
    )
    certificate = quick(model.equilibrium())
    (check,) = certificate.named("first elements per Debye length")
    assert (check.place, check.status) == ("a|b, a", "warned")
    assert check.value == pytest.approx(0.5 / 0.4, rel=1e-2)


# Over time.


@pytest.fixture(scope="module")
def trajectory():
    return blocking_cell().transient(
        ["Step to 0.1 V for 100 ns", "Rest for 50 ns"], contact="left", reference="right"
    )


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("amount_Li_electrolyte", "conservation of the carrier over time"),
        ("current_right", "equal currents over time"),
        ("charge_passed", "charge that passed"),
        ("current_left", "charge that passed"),
        ("time", "times of the rows"),
        ("voltage", "voltage of the protocol"),
    ],
)
def test_a_tampered_series_is_caught(trajectory, column, name):
    assert not failing(quick(trajectory))
    series = trajectory.series
    values = np.array(series[column])
    values[np.abs(values).argmax()] *= 0.999
    wrong = replace(trajectory, series=replace(series, columns={**series.columns, column: values}))
    assert name in failing(quick(wrong))
    values[3] = np.nan
    assert "time series" in failing(quick(wrong))


def with_columns(trajectory, start, factor):
    """The trajectory with all columns whose names begin so times a factor."""
    columns = {
        name: values * factor if name.startswith(start) else values
        for name, values in trajectory.series.columns.items()
    }
    return replace(trajectory, series=replace(trajectory.series, columns=columns))


def every_second_row(trajectory):
    columns = {name: values[::2] for name, values in trajectory.series.columns.items()}
    return replace(trajectory, series=replace(trajectory.series, columns=columns))


@pytest.mark.parametrize(
    ("sabotage", "name"),
    [
        (lambda t: with_columns(t, "voltage", 2.0), "voltage of the protocol"),
        (lambda t: with_columns(t, "time", 1e3), "times of the rows"),
        (lambda t: with_columns(t, ("time", "dt"), 1e3), "charge that passed"),
        (lambda t: with_columns(t, "current", 0.1), "charge that passed"),
        (lambda t: with_columns(t, "current", -1.0), "charge that passed"),
        (lambda t: with_columns(t, "charge_", 2.0), "saved states and rows"),
        (lambda t: with_columns(t, "amount", 2.0), "saved states and rows"),
        (every_second_row, "times of the rows"),
        (lambda t: replace(t, solutions=t.solutions[::-1]), "times of the saved states"),
        (lambda t: replace(t, solutions=[t.solutions[0]] * 3), "times of the saved states"),
        (
            lambda t: replace(t, solutions=[*t.solutions[:2], t.solutions[1]]),
            "times of the saved states",
        ),
    ],
    ids=["voltage", "time", "time and dt", "currents", "signs", "charges", "amounts", "rows",
         "reversed", "first", "final"],
)  # fmt: skip
def test_a_trajectory_that_was_changed_as_a_whole_is_caught(trajectory, sabotage, name):
    assert name in failing(quick(sabotage(trajectory)))


def test_a_neutral_change_of_a_saved_state_is_caught():
    """Both levels of a mixed conductor moved in the middle: charges stay, amounts do not."""
    done = mixed_particle()
    assert not failing(quick(done))
    final = done.final

    def change(u, d):
        u[d.site_dofs[len(d.site_phi) // 2, :2]] += 1.0

    moved = tampered(final, change, time=final.time, rates=final.rates)
    wrong = replace(done, solutions=[*done.solutions[:-1], moved])
    assert "saved states and rows" in failing(quick(wrong))


def test_a_steady_state_that_claims_to_be_one_in_time_is_caught(steady):
    found = failing(quick(tampered(steady, lambda u, d: None, kind="transient")))
    assert "kind of the state" in found


def test_a_lost_history_is_told(equilibrium):
    lost = replace(equilibrium.history, iterations=())
    certificate = quick(tampered(equilibrium, lambda u, d: None, history=lost))
    assert certificate.named("convergence")[0].status == "warned"


def test_a_trajectory_is_read_from_its_file(trajectory, tmp_path):
    path = tmp_path / "trajectory.h5"
    trajectory.save(path)
    certificate = quick(path)
    assert not certificate.failed
    assert certificate.named("conservation of the carrier over time")


def test_charge_that_passed_a_reservoir_must_be_in_the_model():
    model = slab_between_reservoirs(potential=0.0)
    model = model.with_(contacts={**model.contacts, "right": PotentialContact(potential=0.0)})
    done = model.transient(["Step to 0.05 V for 1 us"], contact="left", reference="right")
    assert not failing(quick(done))
    passed = 1.001 * done["charge_passed"]
    columns = {**done.series.columns, "charge_passed": passed}
    wrong = replace(done, series=replace(done.series, columns=columns))
    assert "conservation of the carrier over time" in failing(quick(wrong))


# Good results.


def thin_coating():
    coat = conductor(0.8 * NM, 15.0, 0.2, conductivity=1e-4)
    law = Interface(coating=Coating(material=coat, thickness=0.5 * NM))
    return two_conductors(interfaces={"a|b": law}).steady({"left": 3 * KT})


def floating():
    mesh = strip(
        np.linspace(0.0, 9.0, 19) * NM, 2 * NM, 2, [("a", 3 * NM), ("metal", 6 * NM), ("b", 9 * NM)]
    )
    oxide = Material(relative_permittivity=8.0)
    return Model(
        mesh,
        {"a": oxide, "metal": Material(relative_permittivity=1.0), "b": conductor(2 * NM)},
        contacts={"left": PotentialContact(potential=1.0), "right": NEUTRAL},
        floating=[FloatingConductor(region="metal", charge=1e-11)],
    ).equilibrium()


def salt():
    """Two carriers, closed in a region, with a number as amount."""
    anion = Carrier(
        name="A", charge=-1, statistics="boltzmann", mobility="dilute",
        site_density=2e26, site_fraction=0.4, diffusivity=1e-12,
    )  # fmt: skip
    material = Material(relative_permittivity=10.0, carriers=(conductor().carriers[0], anion))
    return Model(
        strip(graded(12 * NM, 0.01 * NM, 1.15, 0.5 * NM, fine="both"), 2 * NM),
        {"electrolyte": material},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": ReservoirContact(carrier="Li", potential=0.1),
        },
        conserved=[Conserved(carrier="A", regions=("electrolyte",))],
        temperature=T,
    ).steady({"right": 0.1})


def mixed_particle():
    from open_circuits import mixed

    model, metal = particle(mixed(), ("Li", "e"), "sphere", 1e-6, 20)
    return model.transient(["Rest for 1 s"], contact="collector", reference=metal)


GOOD = {
    "equilibrium": lambda: two_conductors().equilibrium(),
    "steady": lambda: two_conductors().steady({"left": 5 * KT}),
    "tiny current": lambda: slab_between_reservoirs(39 * KT).steady({"left": 39 * KT}),
    "given current": lambda: two_conductors().steady(current={"left": 1.0}),
    "axisymmetric": lambda: two_conductors(coordinates="axisymmetric").steady({"left": 5 * KT}),
    "blocked interface": lambda: two_conductors(
        interfaces={"a|b": Interface(blocking=("Li",))}
    ).steady({"left": 5 * KT}),
    "Butler-Volmer": lambda: two_conductors(
        interfaces={"a|b": Interface(kinetics={"Li": LAW}, compact_capacitance=0.1)}
    ).steady({"left": 5 * KT}),
    "thin coating": thin_coating,
    "charged interface": lambda: two_conductors(
        interfaces={"a|b": Interface(surface_charge=0.02)}
    ).equilibrium(),
    "blocking electrodes": lambda: blocking_cell().steady({"left": 0.2}),
    "transient": lambda: blocking_cell().transient(
        ["Step to 0.1 V for 100 ns"], contact="left", reference="right",
        options=TransientOptions(save="all"),
    ),
    "floating conductor": floating,
    "periodic dielectric": lambda: dielectric_cell(0.3, 10.0, 16).equilibrium(),
    "periodic conductor": lambda: conducting_cell(0.3, 10.0, 16).steady(),
    "ferroelectric": lambda: film(UNIAXIAL, layer=2 * NM).equilibrium(),
    "salt": salt,
    "mixed conductor": mixed_particle,
    "composite": lambda: composite(4)[0].equilibrium(),
    "biased composite of revolution": lambda: composite(2)[0].steady(composite(2)[1]),
    "impedance": lambda: two_conductors().equilibrium().impedance(["1 kHz", "1 GHz"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_good_results_raise_no_alarm(kind):
    """Composites on coarse meshes are told that these are coarse, and nothing else."""
    certificate = quick(GOOD[kind]())
    allowed = {"elements per Debye length"} if "composite" in kind else set()
    assert failing(certificate) <= allowed, str(certificate)
    assert sum(check.status == "passed" for check in certificate.checks) >= 9
    warned = {check.name for check in certificate.checks if check.status == "warned"}
    assert warned <= allowed | {
        "elements per Debye length",
        "first elements per Debye length",
    }
