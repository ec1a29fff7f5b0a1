"""Laws of polarization: their formulas, and materials, cards, files and storage with them."""

import json

import numpy as np
import pytest
from approx import relative
from scipy.constants import epsilon_0

from pyscl import (
    AlignedAxes,
    Anisotropic,
    Flexoelectric,
    Hysteresis,
    InputError,
    Johnson,
    Landau,
    LandauCoefficients,
    Langevin,
    Material,
    Model,
    Piezoelectric,
    RandomAxes,
    Remanent,
    TexturedAxes,
)
from pyscl.input import json_schema, load_input
from pyscl.materials import Provenance, load, load_landau
from pyscl.materials.polarization.laws import units_of
from pyscl.mesh import strip
from pyscl.storage.models import fingerprint, model_data, read_model, write_model
from pyscl.units import WRITE_UNITS
from pyscl.validity import validity_warnings

BELL = "BaTiO3-Bell-Cross"
JOHNSON = Johnson(relative_permittivity=1000, coefficient=8e9)

# law -> relative permittivity of its linear part; a new law is one line here
LAWS = {
    Anisotropic(along=100, across=40, axes="30 deg"): 70.0,
    JOHNSON: 1000.0,
    Langevin(background_permittivity=10, saturation=0.1, zero_field_permittivity=300): 300.0,
    Remanent(polarization=0.26, relative_permittivity=50, axes=(0.6, 0.8)): 50.0,
    Piezoelectric(coefficient=14.6e-12, stress=1e8, relative_permittivity=45): 45.0,
    Flexoelectric(coefficient=1e-9, strain_gradient=1e6, relative_permittivity=20): 20.0,
    Hysteresis(
        background_permittivity=80, saturation=0.2, remanence=0.15, coercive_field=5e6, cells=5,
        spread=0.1, axes={"kind": "textured", "spread": "5 deg", "seed": 3},
    ): 80.0,
    Landau(coefficients=BELL, axes={"kind": "random", "seed": 3}, misfit_strain=-0.002): 10.0,
    Landau(
        coefficients="SrTiO3", background_permittivity=6, gradient_energy="5e-11 J*m^3/C^2",
        extrapolation_length="3 nm", axes={"kind": "radial", "center": ("1 nm", "2 nm")},
    ): 6.0,
}  # fmt: skip
IDS = [f"{law.law}-{k}" for k, law in enumerate(LAWS)]


@pytest.fixture(params=LAWS, ids=IDS)
def law(request):
    return request.param


# --- formulas ---------------------------------------------------------------------------------


def test_johnson_is_the_chord_to_first_order():
    """x = b eps^3 E^2 and the tabulated factors of the permittivity, for x up to 100."""
    eps = epsilon_0 * 1000
    factors = (0.990195447045, 0.916260327074, 0.629960524947, 0.318331367846, 0.149214548151)
    for x, factor in zip((0.01, 0.1, 1.0, 10.0, 100.0), factors, strict=True):
        field = np.sqrt(x / (8e9 * eps**3))
        assert 1.0 + JOHNSON.excess(field) / (eps * field) == relative(factor, 1e-11)
        assert JOHNSON.excess(-field) == -JOHNSON.excess(field)
    small = 1e-3
    assert JOHNSON.excess(small) == relative(-8e9 * eps**4 * small**3, 1e-10)


def test_langevin_saturates_and_begins_linear():
    law = Langevin(background_permittivity=10, saturation=0.1, zero_field_permittivity=300)
    chi = 290 * epsilon_0
    for x in (0.0999, 0.1001, 1.0, 3.0):
        field = x * 0.1 / (3.0 * chi)
        total = law.excess(field) + chi * field
        assert total == relative(0.1 * (1.0 / np.tanh(x) - 1.0 / x), 1e-11)
    huge = 1e6 * 0.1 / chi
    assert law.excess(huge) + chi * huge == relative(0.1, 1e-6)
    field = 0.02 * 0.1 / (3.0 * chi)
    assert law.excess(field) == relative(-0.1 * 0.02**3 / 45, 1e-4)
    assert law.excess(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


def test_sources_are_products():
    assert Remanent(polarization="26 uC/cm^2", relative_permittivity=5).fixed_polarization == 0.26
    piezo = Piezoelectric(coefficient="14.6 pC/N", stress="100 MPa", relative_permittivity=45)
    assert piezo.fixed_polarization == relative(1.46e-3, 1e-14)
    flexo = Flexoelectric(coefficient=1e-9, strain_gradient="1e6 1/m", relative_permittivity=5)
    assert flexo.fixed_polarization == relative(1e-3, 1e-14)


# --- hysteresis -------------------------------------------------------------------------------


def loop(cells, spread):
    return Hysteresis(
        background_permittivity=80, saturation=0.2, remanence=0.15, coercive_field=5e6,
        cells=cells, spread=spread,
    )  # fmt: skip


@pytest.mark.parametrize(("cells", "spread"), [(1, 0.0), (5, 0.0), (5, 0.15), (12, 0.15)])
def test_the_saturated_loop_has_the_remanence_and_the_coercive_field(cells, spread):
    law = loop(cells, spread)
    up, zero, down = 1e9, 0.0, -5e6
    found = law.follow([up, zero, down, -up, zero, -down, up])
    expected = [0.2, 0.15, 0.0, -0.2, -0.15, 0.0, 0.2]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_one_cell_is_millers_loop():
    law = loop(1, 0.0)
    delta = 5e6 / np.log(1.75 / 0.25)  # 2 delta = E0
    fields = np.linspace(4e7, -4e7, 41)
    branch = law.follow([1e9, *fields])[1:]
    np.testing.assert_allclose(branch, 0.2 * np.tanh((fields + 5e6) / (2 * delta)), atol=1e-15)


def test_what_was_never_poled_is_not_polarized_and_minor_loops_are_closed():
    law = loop(7, 0.2)
    assert law.follow([0.0])[0] == 0.0
    found = law.follow([3e7, -2e6, 1e7, -2e6, 1e7])
    assert found[4] == found[2]
    assert found[3] == relative(found[1], 1e-14)
    assert found[2] < law.follow([3e7, 1e7])[1]  # below the branch it has left


def test_cells_are_symmetric_around_the_coercive_field():
    cells = loop(6, 0.2).play()
    assert cells.weight.sum() == relative(1.0, 1e-14)
    assert cells.weight @ cells.coercive_field == relative(5e6, 1e-13)
    spread = np.sqrt(cells.weight @ (cells.coercive_field / 5e6 - 1.0) ** 2)
    assert spread == relative(0.2, 1e-12)
    assert cells.coercive_field.min() > 0.0


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hysteresis(
            background_permittivity=8, saturation=0.1, remanence=0.1, coercive_field=1e6),
         "remanence 0.1 C/m2 must be below the saturation"),
        (lambda: loop(10, 0.5), r"spread of 0\.5 gives negative coercive fields; .* below 0\.206"),
        (lambda: loop(0, 0.0), "greater than or equal to 1"),
        (lambda: Johnson(relative_permittivity=10, coefficient=-1.0), "at least 0"),
        (lambda: Johnson(relative_permittivity=10, coefficient="1 V*m^4/C^3"),
         "wrong unit .* expected a dielectric stiffness"),
        (lambda: Langevin(background_permittivity=10, saturation=0.1, zero_field_permittivity=10),
         "must be above the background"),
        (lambda: Remanent(polarization="1 C", relative_permittivity=10),
         "expected a surface charge or polarization"),
        (lambda: Landau(coefficients="BaTiO3-BellCros"), f"Did you mean '{BELL}'"),
        (lambda: Landau(coefficients=BELL, boundary="zero", extrapolation_length=1e-9),
         "extrapolation length belongs to a free boundary"),
        (lambda: Landau(coefficients=BELL, viscosity=0.0), "above 0"),
        (lambda: Landau(coefficients=BELL, gradient_energy="1e-11 J/m"), "wrong unit 'J/m'"),
        (lambda: Landau(), "missing key 'coefficients'"),
    ],
)  # fmt: skip
def test_bad_laws_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_material_takes_the_permittivity_from_its_law(law):
    material = Material(polarization=law)
    assert material.relative_permittivity == law.linear_permittivity == LAWS[law]
    assert material.polarization == law
    assert Material(relative_permittivity=3).polarization is None


def test_the_background_of_the_law_goes_before_that_of_the_card():
    assert Landau(coefficients=BELL, background_permittivity=7).linear_permittivity == 7
    assert Landau(coefficients="LiNbO3").linear_permittivity == 1
    assert Landau(coefficients="SrTiO3").linear_permittivity == 10
    assert Landau(coefficients="SrTiO3").gradient == (0.0, 0.0, 0.0, 0.0)
    assert Landau(coefficients=BELL).gradient == (5.1e-10, -2e-11, 2e-11, 0.0)
    own = Landau(coefficients=BELL, gradient_energy="4e-11 J*m^3/C^2")
    assert own.gradient == (4e-11, 0.0, 2e-11, 2e-11)


def test_a_landau_law_gives_the_polynomial_and_its_scale():
    law = Landau(coefficients=BELL, misfit_strain=-0.003)
    expected = load_landau(BELL).at(310.0, -0.003)
    np.testing.assert_array_equal(law.polynomial(310.0).table, expected.table)
    assert law.scale(310.0) == expected.scale()


def test_permittivity_and_law_together_are_refused():
    with pytest.raises(
        InputError, match=r"the law 'johnson' says the permittivity \(1000\): leave"
    ):
        Material(relative_permittivity=1000, polarization=JOHNSON)
    with pytest.raises(InputError, match="missing key 'relative_permittivity'"):
        Material(name="nothing")


def test_a_mistake_in_the_law_is_the_only_one_reported():
    with pytest.raises(InputError) as caught:
        Material(polarization={"law": "johnson", "relative_permittivity": 10})
    assert (
        str(caught.value) == "Material.polarization.johnson.coefficient: missing key 'coefficient'"
    )
    with pytest.raises(InputError, match=r"no choice 'jonson'.*Did you mean 'johnson'"):
        Material(polarization={"law": "jonson"})


# --- overrides --------------------------------------------------------------------------------


def test_a_law_drops_the_permittivity_and_the_permittivity_a_law():
    linear = load("BaTiO3")
    bent = linear.with_(polarization=JOHNSON)
    assert bent.polarization == JOHNSON
    assert bent.relative_permittivity == 1000
    assert {p.property for p in bent.provenance} == {"polarization"}
    back = bent.with_(relative_permittivity=30)
    assert back.polarization is None
    assert back.relative_permittivity == 30
    assert {p.property for p in back.provenance} == {"relative_permittivity"}
    with pytest.raises(InputError, match="are both given"):
        linear.with_(polarization=JOHNSON, relative_permittivity=30)
    with pytest.raises(InputError, match="missing key 'relative_permittivity'"):
        bent.with_(polarization=None)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("polarization.axes", "random", RandomAxes()),
        ("polarization.axes.seed", 8, TexturedAxes(spread=5, seed=8)),
        ("polarization.coercive_field", "10 kV/cm", 1e6),
        ("polarization.cells", 2, 2),
    ],
)
def test_parts_of_a_law_are_overridden_by_path(path, value, expected):
    law = list(LAWS)[6]
    changed = Material(polarization=law).with_(**{path: value})
    key = path.split(".")[1]
    assert getattr(changed.polarization, key) == expected
    assert changed.polarization.model_copy(update={key: getattr(law, key)}) == law
    assert changed.provenance == (Provenance(property=path, value=str(value), source="user"),)


def test_a_parameter_named_as_the_permittivity_is_that_of_the_law():
    changed = Material(polarization=JOHNSON).with_(**{"polarization.relative_permittivity": 500})
    assert changed.polarization == Johnson(relative_permittivity=500, coefficient=8e9)
    assert changed.relative_permittivity == 500


def test_landau_coefficients_are_overridden_by_card_or_one_by_one():
    material = Material(polarization=Landau(coefficients=BELL))
    other = material.with_(**{"polarization.coefficients": "BaTiO3-Wang"})
    assert other.polarization.coefficients == load_landau("BaTiO3-Wang")
    changed = material.with_(**{"polarization.coefficients.a12": "5e8 J*m^5/C^4"})
    assert changed.polarization.coefficients.a12 == (5e8,)
    recorded = {p.property for p in changed.polarization.coefficients.provenance}
    assert "a11" in recorded
    assert "a12" not in recorded
    assert [p.property for p in changed.provenance] == ["polarization.coefficients.a12"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("polarization.coeficient", "no property of the polarization 'coeficient'.*'coefficient'"),
        ("polarization.coefficient.x", "'coefficient' has no parts"),
        ("polarization.axes.seed", "there is no 'axes', so 'polarization.axes.seed' names nothing"),
    ],
)
def test_overrides_of_unknown_parts_are_refused(path, message):
    with pytest.raises(InputError, match=message):
        Material(polarization=JOHNSON).with_(**{path: 1})


def test_overrides_that_exclude_each_other_are_refused():
    with pytest.raises(InputError, match="as a whole or part by part, not both"):
        Material(polarization=JOHNSON).with_(
            **{"polarization": JOHNSON, "polarization.coefficient": 1e9}
        )
    with pytest.raises(InputError, match=r"has no law of polarization.*as a whole"):
        load("pore").with_(**{"polarization.coefficient": 1e9})


def test_the_data_of_a_material_can_be_read_where_units_are_required(law):
    """Every number that needs a unit is written with one, and comes back to the last bit."""
    material = Material(polarization=law)
    data = material.override_data({"name": "other"})
    back = Material.model_validate(data, context={"require_units": True})
    assert back.polarization == law
    bare = law.model_dump(exclude={"coefficients", "axes"})
    units = {k: u for k, u in units_of(law.law).items() if u != "1" and bare.get(k) is not None}
    for key, unit in units.items():
        written = law.model_dump(context=WRITE_UNITS)[key]
        assert written == f"{bare[key]!r} {unit}"


# --- storage ----------------------------------------------------------------------------------


def model_of(law):
    mesh = strip(np.linspace(0, 5, 6) * 1e-9)
    return Model(mesh, {"electrolyte": Material(polarization=law)})


def test_a_stored_model_has_the_same_laws(tmp_path, law):
    import h5py

    model = model_of(law)
    with h5py.File(tmp_path / "m.h5", "w") as file:
        write_model(file, model)
    with h5py.File(tmp_path / "m.h5") as file:
        back = read_model(file)
    assert back.materials == model.materials
    assert fingerprint(back, {}) == fingerprint(model, {})
    data = model_data(model)["materials"]["electrolyte"]
    assert "relative_permittivity" not in data
    assert json.loads(json.dumps(data)) == data


def test_sources_of_landau_coefficients_do_not_change_results():
    law = load_landau(BELL)
    bare = law.model_copy(update={"provenance": (), "name": "mine"})
    one, two, three = (
        fingerprint(model_of(Landau(coefficients=c)), {})
        for c in (law, bare, law.model_copy(update={"a12": (1e9,)}))
    )
    assert one == two != three


def test_a_model_warns_of_a_temperature_outside_the_card():
    mesh = strip(np.linspace(0, 5, 6) * 1e-9)
    material = Material(polarization=Landau(coefficients="LiNbO3"))
    with pytest.warns(UserWarning, match="at 350 K they are extrapolated"):
        model = Model(mesh, {"electrolyte": material}, temperature=350.0)
    (text,) = (w for w in validity_warnings(model) if "walls" not in w)
    assert text.startswith("region 'electrolyte': Landau coefficients 'LiNbO3' hold from 273 K")
    usual = validity_warnings(Model(mesh, {"electrolyte": material}))
    assert not any("hold from" in w for w in usual)


# --- cards ------------------------------------------------------------------------------------

CARD = """\
name: mine
description: a ferroelectric
polarization:
  law: hysteresis
  background_permittivity: {value: 80, range: [50, 100], source: sto2015}
  saturation: {value: 20 uC/cm^2, assumption: guess}
  remanence: {value: 15 uC/cm^2, assumption: guess}
  coercive_field: {value: 50 kV/cm, range: [10 kV/cm, 100 kV/cm], assumption: guess}
  cells: 5
  axes: {kind: random, seed: 2}
"""


def test_a_card_may_have_a_law_with_the_same_rules(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(CARD)
    material = load(path)
    assert material.polarization == Hysteresis(
        background_permittivity=80, saturation=0.2, remanence=0.15, coercive_field=5e6, cells=5,
        axes=RandomAxes(seed=2),
    )  # fmt: skip
    assert material.relative_permittivity == 80
    origin = {p.property: p.origin for p in material.provenance}
    assert origin["polarization.background_permittivity"] == "sto2015"
    assert origin["polarization.coercive_field"] == "assumption"
    assert origin["polarization.cells"] == origin["polarization.law"] == "assumption"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{value: 20 uC/cm^2, assumption: guess}", "{value: 20 uC/cm^2}",
         r"mine\.yaml:6:15: no source for polarization\.saturation"),
        ("{value: 20 uC/cm^2, assumption: guess}", "20 uC/cm^2", "expected a mapping"),
        ("[10 kV/cm, 100 kV/cm]", "[60 kV/cm, 100 kV/cm]",
         r"mine\.yaml:8:44: value 50 kV/cm is outside its range"),
        ("20 uC/cm^2", "20 uC", r"mine\.yaml:6:.*wrong unit 'uC' for polarization\.saturation"),
        ("saturation:", "saturated:", "no key 'saturated'"),
        ("law: hysteresis", "law: histeresis", "Did you mean 'hysteresis'"),
        ("polarization:", "relative_permittivity: {value: 3, assumption: guess}\npolarization:",
         "are both given"),
    ],
)  # fmt: skip
def test_mistakes_in_the_law_of_a_card_are_shown_with_their_place(tmp_path, old, new, message):
    path = tmp_path / "mine.yaml"
    assert old in CARD
    path.write_text(CARD.replace(old, new))
    with pytest.raises(InputError, match=message):
        load(path)


# --- run files --------------------------------------------------------------------------------

RUN = """\
temperature: 25 degC
mesh: {file: m.msh}
regions:
  electrolyte: Li6PS5Cl
  inclusion:
    polarization: {law: landau, coefficients: BaTiO3-Bell-Cross, axes: {kind: random, seed: 3}}
variants:
  linear: {inclusion: {card: BaTiO3}}
  bent: {inclusion: {card: BaTiO3, set: {polarization: {law: johnson,
                     relative_permittivity: 1000, coefficient: 8e9 V*m^5/C^3}}}}
  poled: {inclusion: {polarization: {law: remanent, polarization: 26 uC/cm^2,
                      relative_permittivity: 50, axes: [0, 1]}}}
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "m.msh").touch()

    def read(*changes, overrides=()):
        text = RUN
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "run.yaml").write_text(text)
        return load_input(tmp_path / "run.yaml", overrides)

    return read


def test_a_run_file_switches_the_law_of_an_inclusion(run):
    job = run()
    law = job.materials()["inclusion"].polarization
    assert law == Landau(coefficients=BELL, axes=RandomAxes(seed=3))
    assert job.materials("linear")["inclusion"].polarization is None
    assert job.materials("bent")["inclusion"].polarization == JOHNSON
    poled = job.materials("poled")["inclusion"].polarization
    assert poled == Remanent(
        polarization=0.26, relative_permittivity=50, axes=AlignedAxes(direction=(0, 1))
    )
    assert json.loads(json.dumps(job.model_dump(mode="json", by_alias=True)))


def test_landau_coefficients_may_stand_in_a_file_beside_the_run_file(run, tmp_path):
    text = (
        "name: mine\ndescription: d\n"
        "temperature_range: {value: [200 K, 400 K], assumption: guess}\ncoefficients:\n"
        "  a1: {value: [-1e8 J*m/C^2, 3e5 J*m/C^2/K], assumption: guess}\n"
        "  a11: {value: 1e9 J*m^5/C^4, assumption: guess}\n"
    )
    (tmp_path / "set.yaml").write_text(text)
    law = run(("BaTiO3-Bell-Cross", "set.yaml")).regions["inclusion"].polarization
    assert law.coefficients.a1 == (-1e8, 3e5)
    inline = "{a1: [-1e8 J*m/C^2, 3e5 J*m/C^2/K], a11: 1e9 J*m^5/C^4, "
    inline += "temperature_range: [200 K, 400 K]}"
    other = run(("BaTiO3-Bell-Cross", inline)).regions["inclusion"].polarization
    assert other.coefficients == LandauCoefficients(
        a1=(-1e8, 3e5), a11=1e9, temperature_range=(200, 400)
    )


def test_a_run_file_sets_parts_of_laws(run):
    job = run(overrides=["regions.inclusion.polarization.axes.seed=9", "temperature=300 K"])
    assert job.regions["inclusion"].polarization.axes == RandomAxes(seed=9)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("law: landau", "law: landua",
         r"run\.yaml:6:.*no choice 'landua' for regions\.inclusion\.polarization"),
        (BELL, "BaTiO3-BellCross",
         r"run\.yaml:6:47: no card of Landau coefficients 'BaTiO3-BellCross' for "
         r"regions\.inclusion\.polarization\.coefficients"),
        ("seed: 3", "sed: 3", r"run\.yaml:6:87: no key 'sed'"),
        ("{kind: random, seed: 3}", "[1, 1]", r"run\.yaml:6:72: axis not a unit vector"),
        ("8e9 V*m^5/C^3", "8e9", "'8e9' has no unit|'8000000000.0' has no unit"),
        ("26 uC/cm^2", "26", r"run\.yaml:11:.*'26' has no unit"),
        ("law: landau,", "law: landau, relative_permittivity: 10,",
         r"run\.yaml:6:\d+: no key 'relative_permittivity'"),
        ("    polarization", "    relative_permittivity: 10\n    polarization",
         r"run\.yaml:6:28: relative_permittivity and polarization are both given"),
        ("temperature: 25 degC", "temperature: 460 K",
         r"run\.yaml:6:47: the energy of the Landau coefficients '.*no lower bound at 460 K"),
    ],
)  # fmt: skip
def test_mistakes_in_a_law_are_shown_with_their_place(run, old, new, message):
    with pytest.raises(InputError, match=message):
        run((old, new))


def test_a_mistake_in_set_points_at_the_value(run):
    change = ("{card: BaTiO3}", "{card: BaTiO3, set: {polarization: {law: johnson, "
              "relative_permittivity: 9, coefficient: 8e9 m}}}")  # fmt: skip
    with pytest.raises(InputError, match=r"run\.yaml:8:\d+: .*wrong unit 'm'"):
        run(change)


def test_a_mistake_in_a_part_of_a_law_points_at_the_value(run, tmp_path):
    (tmp_path / "mine.yaml").write_text(CARD)
    change = "{card: mine.yaml, set: {polarization.remanence: 3 nm}}"
    with pytest.raises(InputError, match=r"run\.yaml:8:71: wrong unit 'nm'"):
        run(("{card: BaTiO3}", change))
    good = run(("{card: BaTiO3}", change.replace("3 nm", "10 uC/cm^2")))
    assert good.materials("linear")["inclusion"].polarization.remanence == relative(0.1, 1e-14)


def test_the_schema_knows_the_laws():
    definitions = json_schema()["$defs"]
    assert "default" not in definitions["Material"]["properties"]["relative_permittivity"]
    for law in LAWS:
        assert type(law).__name__ in definitions
    assert definitions["Johnson"]["properties"]["coefficient"]["type"] == "string"
