"""Trajectories in files: what comes back, what is refused, and that old files survive anything."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import h5py
import meshio
import numpy as np
import pytest
from models import NM, T, conductor, two_conductors
from transients import SETTINGS, trajectory

import pyscl
from pyscl import InputError, Interface, Model, ReservoirContact, Solution
from pyscl.boundaries import ButlerVolmer, Coating, FloatingConductor
from pyscl.mesh import strip
from pyscl.storage import atomic
from pyscl.storage.differences import data_differences, listing
from pyscl.storage.header import SOLUTION, TRAJECTORY, kind_of
from pyscl.study.transient.restart import RestartPoint
from pyscl.trajectory import Trajectory


def graded_doping():
    """Return a model whose region and fixed charge give files trouble: "a/b", a field."""
    mesh = strip(np.linspace(0, 5, 26) * NM, regions=[("a/b", 5 * NM)])
    ions = conductor()
    charge = -0.5 * ions.carriers[0].site_density * 1.602176634e-19
    return Model(
        mesh,
        {"a/b": ions},
        contacts={"left": pyscl.ReservoirContact(carrier="Li", potential="neutral")},
        background={"a/b": lambda x, y: charge * (1 + 0.2 * x / x.max())},
        temperature=T,
    )


def everything():
    """Return a mixed conductor | half in contact with | an electrolyte with a metal inside."""
    x = np.linspace(0, 12, 49) * NM
    regions = [("active", 4 * NM), ("electrolyte", 12 * NM)]
    mesh = strip(x, 2 * NM, 4, regions)
    region = mesh.region.copy()
    centre = mesh.points[mesh.triangles].mean(axis=1)
    region[(np.abs(centre - [8 * NM, 1 * NM]) < 0.5 * NM).all(axis=1)] = 2
    mesh = replace(mesh, region=region, region_names=("active", "electrolyte", "metal"))
    lithium = {"carrier": "Li", "electrochemical_potential": 0.0}
    return Model(
        mesh,
        {
            "active": "LiCoO2-mixed",
            "electrolyte": conductor(),
            "metal": pyscl.Material(relative_permittivity=1.0),
        },
        contacts={
            "left": ReservoirContact(
                carrier="e", electrochemical_potential="open-circuit", potential=0.0
            ),
            "right": ReservoirContact(
                **lithium,
                potential=-0.1,
                kinetics=ButlerVolmer(exchange_current=10.0),
                compact_capacitance=0.1,
            ),
        },
        interfaces={
            "active|electrolyte": Interface(
                kinetics={"Li": ButlerVolmer(exchange_current=5.0, occupancy=True)},
                contact_share=0.9,
            )
        },
        contact_share={"active|electrolyte": lambda x, y: np.where(y < 1.4 * NM, 1.0, 0.5)},
        floating=[FloatingConductor(region="metal", charge=1e-12)],
        temperature=T,
    )


COATING = Coating(material=conductor(permittivity=20.0), thickness=1 * NM)

MODELS = {
    "coated": lambda: two_conductors(interfaces={"a|b": Interface(coating=COATING)}),
    "everything": everything,
    "contact": lambda: two_conductors(interfaces={"a|b": Interface(surface_charge=0.02)}),
    "field": graded_doping,
}


@pytest.fixture(scope="module")
def model():
    return MODELS["contact"]()


@pytest.fixture(scope="module")
def made(model):
    return trajectory(model)


@pytest.fixture(scope="module")
def checkpoint(model):
    return trajectory(model, complete=False)


def assert_equal(after, before):
    for name in ("floating", "contacts", "interfaces", "materials", "temperature"):
        assert getattr(after.model, name) == getattr(before.model, name)
    for name in ("background", "contact_share"):
        fields, others = getattr(after.model, name), getattr(before.model, name)
        assert set(fields) == set(others)
        for place, values in others.items():
            np.testing.assert_array_equal(fields[place], values)
    assert after.series.units == before.series.units
    assert after.series.events == before.series.events
    for name, column in before.series.columns.items():
        np.testing.assert_array_equal(after[name], column, err_msg=name)
        assert after[name].dtype == column.dtype
    assert len(after.solutions) == len(before.solutions)
    for mine, other in zip(after.solutions, before.solutions, strict=True):
        np.testing.assert_array_equal(mine.unknowns, other.unknowns)
        np.testing.assert_array_equal(mine.rates, other.rates)
        for name in ("kind", "time", "bias", "history"):
            assert getattr(mine, name) == getattr(other, name)
    for name in ("stops", "complete", "reason", "counts", "settings"):
        assert getattr(after, name) == getattr(before, name)
    assert (after.restart is None) == (before.restart is None)
    if before.restart:
        np.testing.assert_array_equal(after.restart.times, before.restart.times)
        np.testing.assert_array_equal(after.restart.unknowns, before.restart.unknowns)
        assert after.restart.scalars == before.restart.scalars


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("complete", [True, False])
def test_a_trajectory_comes_back_as_it_was(tmp_path, make, complete):
    before = trajectory(make(), complete=complete)
    before.save(tmp_path / "t.h5")
    assert_equal(Trajectory.load(tmp_path / "t.h5"), before)


def test_one_without_saved_states_comes_back(tmp_path, model, made):
    before = trajectory(model, solutions=[], stops=[])
    before.save(tmp_path / "t.h5")
    assert_equal(Trajectory.load(tmp_path / "t.h5"), before)
    with pytest.raises(InputError, match="no saved state"):
        _ = before.final


def test_a_loaded_one_uses_the_model_it_is_given(tmp_path, model, made):
    made.save(tmp_path / "t.h5")
    loaded = Trajectory.load(tmp_path / "t.h5", MODELS["contact"](), SETTINGS)
    assert loaded.model is not model
    assert loaded.final.model is loaded.model
    again = Trajectory.load(tmp_path / "t.h5", model)
    assert again.model is model
    np.testing.assert_array_equal(again.final["potential"].values, made.final["potential"].values)


def test_columns_states_and_times_are_at_hand(made):
    assert made["voltage"] is made.series["voltage"]
    assert made.final is made.solutions[-1]
    np.testing.assert_array_equal(made.times, made["time"])
    assert "5 rows to t = 2 s, 5 saved states, complete" in repr(made)
    with pytest.raises(InputError, match="Did you mean 'voltage'"):
        _ = made["voltge"]


def test_the_file_is_readable_without_pyscl(tmp_path, made):
    made.save(tmp_path / "t.h5")
    with h5py.File(tmp_path / "t.h5") as file:
        columns = json.loads(file["series"].attrs["columns"])
        np.testing.assert_array_equal(file["series"][:, columns.index("voltage")], made["voltage"])
        np.testing.assert_array_equal(file["states/times"][()], made.times)
        assert json.loads(file.attrs["model"])["temperature"] == T


def test_kinds_of_files_are_told_apart(tmp_path, made):
    made.save(tmp_path / "t.h5")
    made.final.save(tmp_path / "s.h5")
    (tmp_path / "x.h5").write_text("text")
    kinds = [kind_of(tmp_path / name) for name in ("t.h5", "s.h5", "x.h5", "missing.h5")]
    assert kinds == [TRAJECTORY, SOLUTION, None, None]


def test_a_state_of_a_transient_keeps_its_time_in_a_file_of_its_own(tmp_path, made):
    made.final.save(tmp_path / "s.h5")
    loaded = Solution.load(tmp_path / "s.h5")
    assert (loaded.kind, loaded.time) == ("transient", 2.0)


def test_a_restart_point_refuses_nonsense():
    u = np.zeros((2, 3))
    for times, unknowns, what in (
        ([], u[:0], "k > 0"),
        ([1.0], u, "1"),
        ([1.0, 1.0], u, "rise"),
        ([1.0, np.nan], u, "finite"),
        ([1.0, 2.0], u + np.inf, "finite"),
        ([1.0, 2.0], u[0], "k > 0"),
    ):
        with pytest.raises(InputError, match=what):
            RestartPoint(np.array(times), unknowns, {})


# Other input is refused, with what differs.


def changed(**parts):
    """Return the two conductors with some arguments of the model replaced."""
    model = MODELS["contact"]()
    given = {
        "materials": model.materials,
        "contacts": model.contacts,
        "interfaces": model.interfaces,
        "temperature": model.temperature,
        "mesh": model.mesh,
    }
    given |= parts
    return Model(given.pop("mesh"), given.pop("materials"), **given)


def other_material():
    model = MODELS["contact"]()
    b = model.materials["b"].with_(**{"carriers.Li.site_fraction": 0.35})
    return changed(materials={**model.materials, "b": b})


def moved_mesh():
    mesh = MODELS["contact"]().mesh
    points = mesh.points.copy()
    points[:, 1] *= 1.5
    return changed(mesh=replace(mesh, points=points))


OTHERS = {
    "temperature": (lambda: changed(temperature=310.0), ["temperature: 298.15 in the file, 310.0"]),
    "material": (other_material, ["materials.b.carriers.Li.site_fraction: 0.3 in the file, 0.35"]),
    "interface": (
        lambda: changed(interfaces={}),
        ["interfaces.a|b: only in the file"],
    ),
    "contact": (
        lambda: changed(contacts={**MODELS["contact"]().contacts, "left": pyscl.BlockingContact()}),
        ["contacts.left.kind: 'reservoir' in the file, 'blocking' here"],
    ),
    "node positions": (moved_mesh, ["mesh: coordinates of the nodes"]),
    "finer mesh": (
        lambda: two_conductors(layers=4),
        ["mesh: nodes ", "mesh: triangles "],
    ),
    "regions": (
        lambda: changed(
            mesh=replace(MODELS["contact"]().mesh, region_names=("a", "c")),
            materials={"a": conductor(), "c": conductor()},
            interfaces={},
        ),
        ["mesh: regions a, b in the file, a, c here"],
    ),
    "fixed charge": (
        lambda: changed(background={"a": lambda x, y: 0.0 * x}),
        ["the field of the fixed charge of 'a'"],
    ),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_file_of_another_model_is_refused_with_the_difference(tmp_path, made, what):
    other, texts = OTHERS[what]
    path = tmp_path / "checkpoint.h5"
    made.save(path)
    with pytest.raises(InputError, match=r"checkpoint\.h5 .*another calculation") as caught:
        Trajectory.load(path, other())
    for text in texts:
        assert text in str(caught.value)


def test_a_file_of_another_protocol_is_refused_with_the_difference(tmp_path, model, made):
    path = tmp_path / "checkpoint.h5"
    made.save(path)
    protocol = ["Step to 0.2 V", "Rest for 1 s"]
    with pytest.raises(InputError, match=r"'Step to 0\.1 V' in the file, 'Step to 0\.2 V' here"):
        Trajectory.load(path, model, {**SETTINGS, "protocol": protocol})
    with pytest.raises(InputError, match=r"options\.tolerance: 0\.001 in the file, 0\.01 here"):
        Trajectory.load(path, model, {**SETTINGS, "options": {"tolerance": 1e-2}})
    with pytest.raises(InputError, match="protocol"):
        Trajectory.load(path, model, {**SETTINGS, "protocol": protocol[:1]})


def test_other_names_and_sources_of_a_material_are_no_difference(tmp_path, made, model):
    made.save(tmp_path / "t.h5")
    b = model.materials["b"].model_copy(update={"name": "the same, renamed"})
    Trajectory.load(tmp_path / "t.h5", changed(materials={**model.materials, "b": b}))


def test_many_differences_are_cut_short():
    found = data_differences({str(k): k for k in range(9)}, {str(k): -1 for k in range(9)})
    text = listing(found)
    assert len(found) == 9
    assert text.count("\n") == 6
    assert text.endswith("and 4 more")


# Damage.


@pytest.fixture(scope="module")
def saved(made, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "t.h5"
    made.save(path)
    return path.read_bytes()


def refuse(tmp_path, contents, match=r"state\.h5"):
    path = tmp_path / "state.h5"
    if contents is not None:
        path.write_bytes(contents)
    with pytest.raises(InputError, match=match) as caught:
        Trajectory.load(path)
    assert "state.h5" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("contents", [b"", b"some text", None])
def test_what_is_no_hdf5_is_refused_by_name(tmp_path, contents):
    refuse(tmp_path, contents)


@pytest.mark.parametrize("share", [0.001, 0.02, 0.5, 0.999])
def test_a_truncated_file_is_refused_by_name(tmp_path, saved, share):
    refuse(tmp_path, saved[: int(share * len(saved))])


def test_any_flipped_bit_is_found(tmp_path, saved):
    random = np.random.default_rng(1)
    for _ in range(60):
        contents = bytearray(saved)
        contents[random.integers(len(saved))] ^= 1 << int(random.integers(8))
        refuse(tmp_path, bytes(contents))


def test_a_solution_is_refused_as_a_trajectory_and_the_other_way(tmp_path, made):
    made.final.save(tmp_path / "state.h5")
    assert "it holds a solution; use Solution.load" in refuse(tmp_path, None)
    made.save(tmp_path / "t.h5")
    with pytest.raises(InputError, match=r"it holds a trajectory; use Trajectory\.load"):
        Solution.load(tmp_path / "t.h5")


def test_an_hdf5_file_of_another_program_is_refused(tmp_path):
    with h5py.File(tmp_path / "state.h5", "w") as file:
        file["x"] = 1.0
    refuse(tmp_path, None, "something else")


def with_change(contents, work):
    """Return the bytes of a file after a change by somebody who can write the checksum too."""
    image = io.BytesIO(contents)
    with h5py.File(image, "r+") as file:
        work(file)
    block = atomic._BLOCK
    body = image.getvalue()[block:]
    import hashlib

    seal = atomic._SEAL + hashlib.sha256(body).hexdigest().encode() + b"\n"
    return seal.ljust(block, b"\0") + body


def cut_states(file):
    short = file["states/unknowns"][:, :-1]
    del file["states/unknowns"]
    file["states/unknowns"] = short


CHANGES = {
    "of a later version": (lambda f: f.attrs.update(format_version=99), "format version 99"),
    "without a version": (lambda f: f.attrs.pop("format_version"), ""),
    "without a mesh": (lambda f: f.pop("mesh"), ""),
    "without a series": (lambda f: f.pop("series"), ""),
    "without states": (lambda f: f.pop("states"), ""),
    "with half a model": (lambda f: f.attrs.update(model="{}"), ""),
    "with broken JSON": (lambda f: f.attrs.update(stops="{"), ""),
    "with other columns": (lambda f: f["series"].attrs.update(columns='["time"]'), ""),
    "with states of another size": (cut_states, "damaged"),
    "with states of NaN": (
        lambda f: f["states/unknowns"].write_direct(np.full(f["states/unknowns"].shape, np.nan)),
        "finite",
    ),
    "with half a restart": (lambda f: f["restart"].pop("times"), ""),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_file_with_parts_that_do_not_fit_is_refused_by_name(tmp_path, checkpoint, what):
    work, text = CHANGES[what]
    path = tmp_path / "ok.h5"
    checkpoint.save(path)
    contents = with_change(path.read_bytes(), work)
    refuse(tmp_path, contents, text or None)
    assert with_change(path.read_bytes(), lambda f: None)[:512] == path.read_bytes()[:512]


# Writing that fails, or is killed.


@pytest.mark.parametrize("folder", ["missing", "file"])
@pytest.mark.parametrize("method", ["save", "write_csv", "write_pvd"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, made, folder, method):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write"):
        getattr(made, method)(tmp_path / folder / "out.pvd")


FULL_DISK = """
import resource, signal, sys
import pyscl
from pyscl.trajectory import Trajectory
path = sys.argv[1]
kept = Trajectory.load(path)
for size in (0, 1000, 20_000):
    # the file may not grow beyond this, which is what a full disk looks like
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    for method, suffix in (("save", ""), ("write_csv", ".csv"), ("write_pvd", ".pvd")):
        if suffix and size > 1000:
            continue
        try:
            getattr(kept, method)(path + suffix)
        except pyscl.InputError as error:
            print(error)
        else:
            print("written", method, size)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
Trajectory.load(path)
print("kept")
"""


def python(code, *arguments):
    paths = os.pathsep.join([str(Path(pyscl.__file__).parents[1]), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are those of POSIX")
def test_a_full_disk_is_an_input_error_and_keeps_the_earlier_file(tmp_path, made):
    path = tmp_path / "checkpoint.h5"
    made.save(path)
    before = path.read_bytes()
    assert len(before) > 20_000
    process = python(FULL_DISK, path)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert errors == ""
    lines = said.splitlines()
    assert "written" not in said
    assert lines[-1] == "kept"
    full = [line for line in lines if str(path) + ":" in line]
    assert len(full) == 3
    assert all("File too large" in line for line in full)
    assert all("the earlier file is unchanged" in line for line in full)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.part"))


SAVES_FOREVER = """
import sys
from pyscl.trajectory import Trajectory
trajectory = Trajectory.load(sys.argv[1])
print("ready", flush=True)
while True:
    trajectory.save(sys.argv[1])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is one of POSIX")
def test_a_process_killed_while_it_writes_leaves_a_whole_file(tmp_path, made):
    path = tmp_path / "checkpoint.h5"
    made.save(path)
    random = np.random.default_rng(2)
    for _ in range(3):
        process = python(SAVES_FOREVER, path)
        assert process.stdout.readline() == "ready\n"
        time.sleep(random.uniform(0.01, 0.2))
        process.kill()
        process.communicate()
        assert_equal(Trajectory.load(path), made)
    made.save(path)  # what was left half done is in nobody's way
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.h5"]


def test_the_contents_are_on_disk_before_the_name_changes(tmp_path, made, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *a, real=real, name=name: (calls.append(name), real(*a))[1]
        )
    made.save(tmp_path / "t.h5")
    assert calls == ["fsync", "replace", "fsync"]


# For ParaView.


def test_pvd_names_a_vtu_file_per_saved_state_with_its_time(tmp_path, made):
    made.write_pvd(tmp_path / "fields.pvd")
    root = ElementTree.parse(tmp_path / "fields.pvd").getroot()
    assert (root.tag, root.get("type")) == ("VTKFile", "Collection")
    entries = root.findall("Collection/DataSet")
    assert [float(e.get("timestep")) for e in entries] == made.times.tolist()
    for entry, solution in zip(entries, made.solutions, strict=True):
        vtu = meshio.read(tmp_path / entry.get("file"))
        np.testing.assert_array_equal(vtu.point_data["potential [V]"], solution["potential"].values)
        np.testing.assert_array_equal(vtu.cell_data["region"][0], solution.model.mesh.region)
    assert len(list((tmp_path / "fields").iterdir())) == len(made.solutions)


def test_pvd_of_a_shorter_series_leaves_no_old_states(tmp_path, model, made):
    made.write_pvd(tmp_path / "fields.pvd")
    (tmp_path / "fields" / "mine.txt").touch()
    trajectory(model, solutions=made.solutions[:2]).write_pvd(tmp_path / "fields.pvd")
    names = sorted(p.name for p in (tmp_path / "fields").iterdir())
    assert names == ["0000.vtu", "0001.vtu", "mine.txt"]


def test_states_without_time_and_names_without_suffix_are_no_series(tmp_path, model):
    made = trajectory(model, solutions=[model.equilibrium()])
    with pytest.raises(InputError, match="'equilibrium' has no time"):
        made.write_pvd(tmp_path / "fields.pvd")
    with pytest.raises(InputError, match=r"must end in \.pvd"):
        made.write_pvd(tmp_path / "fields")
