"""Solutions in files: what comes back, what is refused, and that old files survive failures."""

import json

import h5py
import meshio
import numpy as np
import pytest
from models import KT, NM, T, conductor, site_density, two_conductors

from pyscl import (
    BlockingContact,
    Carrier,
    Conserved,
    InputError,
    Interface,
    Material,
    Mesh,
    Model,
    NonIdeal,
    Periodic,
    PotentialContact,
    ReservoirContact,
    Solution,
)
from pyscl.mesh import rectangle, strip
from pyscl.study.newton import NewtonHistory

LI = ReservoirContact(carrier="Li", potential="neutral")


def contact_of_two():
    return two_conductors(
        interfaces={"a|b": Interface(surface_charge=0.02)},
    ).steady({"right": 5 * KT})


def graded_doping():
    """A region called "a/b" whose fixed charge is a field."""
    mesh = strip(np.linspace(0, 5, 26) * NM, regions=[("a/b", 5 * NM)])
    ions = conductor()
    charge = -0.5 * ions.carriers[0].site_density * 1.602176634e-19
    model = Model(
        mesh,
        {"a/b": ions},
        contacts={"left": LI},
        background={"a/b": lambda x, y: charge * (1 + 0.2 * x / x.max())},
        temperature=T,
    )
    return model.equilibrium()


def periodic_cell():
    mesh = rectangle(6, 4, 3 * NM, 2 * NM)
    return Model(
        mesh,
        {"electrolyte": conductor()},
        periodic=[Periodic(sides=("left", "right"), potential_jump=0.1 * KT)],
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
        temperature=T,
    ).steady()


def closed_slab():
    """Ions in non-ideal sites between two blocking walls, one of them an electrode."""
    law = NonIdeal(site_fraction=(0.1, 0.5, 0.9), excess=(0.5, 0.0, -0.3))
    sites = site_density(0.5 * NM, 10.0)
    ions = Carrier(
        name="Li",
        charge=1,
        site_density=sites,
        site_fraction=0.4,
        statistics=law,
        diffusivity=1e-14,
    )
    mesh = strip(np.linspace(0, 5, 51) * NM)
    amount = 0.4 * sites * 5 * NM * 1 * NM / 6.02214076e23
    return Model(
        mesh,
        {"electrolyte": Material(relative_permittivity=10.0, carriers=(ions,))},
        contacts={"left": PotentialContact(potential=0.1), "right": BlockingContact()},
        conserved=[Conserved(carrier="Li", regions=("electrolyte",), amount=amount)],
        temperature=350.0,
    ).equilibrium()


def cylinder():
    mesh = strip(np.linspace(0, 5, 26) * NM, 3 * NM, 3)
    return Model(
        mesh,
        {"electrolyte": conductor()},
        contacts={"right": LI, "top": BlockingContact(surface_charge=0.001)},
        coordinates="axisymmetric",
    ).equilibrium()


def without_groups():
    mesh = strip(np.linspace(0, 1, 3) * NM)
    bare = Mesh(
        mesh.points, mesh.triangles, mesh.region, mesh.region_names, np.empty((0, 2)), (), ()
    )
    model = Model(bare, {"electrolyte": Material(relative_permittivity=3.0)})
    history = NewtonHistory(kind="equilibrium", iterations=())
    unknowns = np.arange(float(bare.n_points))
    return Solution(model, unknowns, kind="equilibrium", bias={}, history=history)


CASES = [contact_of_two, graded_doping, periodic_cell, closed_slab, cylinder, without_groups]


@pytest.fixture(scope="module")
def solution():
    return contact_of_two()


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_a_solution_comes_back_as_it_was(tmp_path, make):
    before = make()
    before.save(tmp_path / "s.h5")
    after = Solution.load(tmp_path / "s.h5")
    np.testing.assert_array_equal(after.unknowns, before.unknowns)
    for name in before.field_names:
        np.testing.assert_array_equal(after[name].values, before[name].values, err_msg=name)
    for name in ("kind", "bias", "history", "field_names"):
        assert getattr(after, name) == getattr(before, name)
    model, was = after.model, before.model
    for name in ("materials", "contacts", "interfaces", "conserved", "periodic"):
        assert getattr(model, name) == getattr(was, name)
    assert (model.temperature, model.coordinates) == (was.temperature, was.coordinates)
    assert model.mesh.region_names == was.mesh.region_names
    assert model.mesh.facet_names == was.mesh.facet_names
    for region in model.mesh.region_names:
        assert after.charge(region) == before.charge(region)
    for name in model.mesh.facet_names:
        assert after.contact(name) == before.contact(name)
    assert set(model.background) == set(was.background)
    for region in was.background:
        np.testing.assert_array_equal(model.background[region], was.background[region])


def test_a_loaded_solution_is_a_start(tmp_path, solution):
    solution.save(tmp_path / "s.h5")
    loaded = Solution.load(tmp_path / "s.h5")
    again = loaded.model.steady(loaded.bias, start=loaded)
    assert len(again.history.iterations) <= 1
    np.testing.assert_allclose(again.potential, solution.potential, atol=1e-9 * KT)


def test_the_file_is_readable_without_pyscl(tmp_path, solution):
    solution.save(tmp_path / "s.h5")
    with h5py.File(tmp_path / "s.h5") as file:
        assert set(file["fields"]) == set(solution.field_names)
        field = file["fields/electric_field"]
        assert (field.attrs["unit"], field.attrs["location"]) == ("V/m", "triangle")
        np.testing.assert_array_equal(field[()], solution["electric_field"].values)
        np.testing.assert_array_equal(file["sites/points"][()], solution.site_points)
        assert json.loads(file.attrs["model"])["temperature"] == T


# Files that are refused.


def change(path, work):
    with h5py.File(path, "r+") as file:
        work(file)


def replaced(name, value):
    def work(file):
        del file[name]
        file[name] = value

    return work


DAMAGE = {
    "of another program": lambda f: f.attrs.update(format="other"),
    "without a format": lambda f: f.attrs.pop("format"),
    "of a later version": lambda f: f.attrs.update(format_version=99),
    "without a version": lambda f: f.attrs.pop("format_version"),
    "without a mesh": lambda f: f.pop("mesh"),
    "without a state": lambda f: f.pop("unknowns"),
    "with half a state": replaced("unknowns", np.zeros(3)),
    "with a state of NaN": lambda f: f["unknowns"].write_direct(
        np.full(len(f["unknowns"]), np.nan)
    ),
    "with a scalar state": replaced("unknowns", 1.0),
    "with broken JSON": lambda f: f.attrs.update(model="{"),
    "with half a model": lambda f: f.attrs.update(model="{}"),
    "with a bad material": lambda f: f.attrs.update(
        model=f.attrs["model"].replace('"relative_permittivity": ', '"relative_permittivity": -')
    ),
    "with an unknown contact": lambda f: f.attrs.update(
        model=f.attrs["model"].replace('"kind": "reservoir"', '"kind": "magic"')
    ),
    "with half a history": lambda f: f.attrs.update(history="{}"),
    "with a bad mesh": replaced("mesh/triangles", np.zeros((2, 3))),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_file_is_refused_by_name(tmp_path, solution, what):
    path = tmp_path / "damaged.h5"
    solution.save(path)
    change(path, DAMAGE[what])
    with pytest.raises(InputError, match=r"damaged\.h5") as caught:
        Solution.load(path)
    if what == "of a later version":
        assert "format version 99, this pyscl reads 1" in str(caught.value)
    if what == "with half a state":
        assert "3 unknowns" in str(caught.value)


@pytest.mark.parametrize("contents", [b"", b"some text", None, "truncated"])
def test_a_file_that_is_no_hdf5_is_refused_by_name(tmp_path, solution, contents):
    path = tmp_path / "state.h5"
    if contents == "truncated":
        solution.save(path)
        path.write_bytes(path.read_bytes()[:3000])
    elif contents is not None:
        path.write_bytes(contents)
    with pytest.raises(InputError, match=r"state\.h5"):
        Solution.load(path)


# Writing that fails.


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("broken")])
def test_a_failing_write_leaves_the_old_file(tmp_path, solution, monkeypatch, error):
    path = tmp_path / "s.h5"
    solution.save(path)
    old = path.read_bytes()
    real = h5py.Group.__setitem__

    def fail(group, name, value):
        if name == "unknowns":
            raise error
        real(group, name, value)

    monkeypatch.setattr(h5py.Group, "__setitem__", fail)
    with pytest.raises((InputError, RuntimeError), match=r"No space left|broken") as caught:
        solution.save(path)
    if isinstance(error, OSError):
        assert isinstance(caught.value, InputError)
        assert str(path) in str(caught.value)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["s.h5"]


@pytest.mark.parametrize("write", ["save", "write_vtu"])
@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, solution, write, folder):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        getattr(solution, write)(tmp_path / folder / "out")


def test_vtu_keeps_jumps_at_interfaces(tmp_path, solution):
    solution.write_vtu(tmp_path / "f.vtu")
    vtu = meshio.read(tmp_path / "f.vtu")
    assert len(vtu.points) == len(solution.site_points) > solution.model.mesh.n_points
    y = vtu.point_data["site_fraction_Li"]
    at = np.flatnonzero(np.hypot(*(vtu.points[:, :2] - [10 * NM, 0.0]).T) < 1e-6 * NM)
    assert len(at) == 2
    assert abs(y[at[0]] - y[at[1]]) > 0.1
