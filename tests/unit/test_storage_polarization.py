"""Polarized models and states in files come back exactly."""

import h5py
import meshio
import numpy as np
import pytest

from pyscl import (
    Anisotropic,
    Flexoelectric,
    Hysteresis,
    InputError,
    Johnson,
    Landau,
    Langevin,
    Material,
    Model,
    Piezoelectric,
    PotentialContact,
    RandomAxes,
    Remanent,
    Solution,
    TexturedAxes,
    Trajectory,
    TransientOptions,
)
from pyscl.mesh import strip
from pyscl.polar_states import UniformPolarization
from pyscl.polarization import MEMORY, POLAR
from pyscl.storage.differences import model_differences
from pyscl.storage.models import fingerprint

NM = 1e-9
HYSTERESIS = Hysteresis(
    background_permittivity=10.0,
    saturation=0.26,
    remanence=0.2,
    coercive_field=5e7,
    cells=3,
    spread=0.2,
    axes=TexturedAxes(angle="20 deg", spread="10 deg", seed=3),
)
LAWS = {
    "anisotropic": Anisotropic(along=1000.0, across=50.0, axes=RandomAxes(seed=7)),
    "johnson": Johnson(relative_permittivity=1000.0, coefficient=1e10),
    "langevin": Langevin(
        background_permittivity=10.0, saturation=0.1, zero_field_permittivity=500.0
    ),
    "remanent": Remanent(polarization=0.1, relative_permittivity=20.0, axes="30 deg"),
    "piezoelectric": Piezoelectric(coefficient=2e-10, stress=1e8, relative_permittivity=20.0),
    "flexoelectric": Flexoelectric(
        coefficient=1e-6, strain_gradient=1e4, relative_permittivity=20.0
    ),
    "hysteresis": HYSTERESIS,
    "landau": Landau(
        coefficients="BaTiO3-Bell-Cross",
        viscosity=0.2,
        misfit_strain=-0.005,
        extrapolation_length="3 nm",
        axes="10 deg",
    ),
}


def film(law, voltage=0.4, **more):
    mesh = strip(np.linspace(0.0, 10.0, 11) * NM, 4 * NM, 3, regions=[("fe", 10 * NM)])
    contacts = {
        "left": PotentialContact(potential=voltage),
        "right": PotentialContact(potential=0.0),
    }
    return Model(mesh, {"fe": Material(polarization=law)}, contacts=contacts, **more)


def rest(model):
    polar = (model.discretized.core.dof_carrier == POLAR).any()
    return model.equilibrium(polarization=UniformPolarization() if polar else None)


def shear(x, y):
    return 0.01 * y / NM, 0.02 * x / NM


@pytest.mark.parametrize("name", LAWS)
def test_a_polarized_state_comes_back_as_it_was(tmp_path, name):
    model = film(LAWS[name], fixed_polarization={"fe": shear}, temperature=320.0)
    before = rest(model)
    before.save(tmp_path / "s.h5")
    after = Solution.load(tmp_path / "s.h5")
    np.testing.assert_array_equal(after.unknowns, before.unknowns)
    assert after.field_names == before.field_names
    assert {"polarization", "displacement", "bound_charge_density"} <= set(after.field_names)
    for field in before.field_names:
        np.testing.assert_array_equal(after[field].values, before[field].values)
    assert after.model.materials == model.materials
    assert after.model.materials["fe"].polarization == LAWS[name]
    np.testing.assert_array_equal(
        after.model.fixed_polarization["fe"], model.fixed_polarization["fe"]
    )
    np.testing.assert_array_equal(after.model.discretized.axes, model.discretized.axes)
    assert after.history == before.history
    assert after.polarization_of("fe").to_dict() == before.polarization_of("fe").to_dict()
    assert after.energy() == before.energy()


def test_the_memory_of_a_hysteresis_goes_on_after_loading(tmp_path):
    """A poled crystal that was saved shall keep its remanence."""
    poled = film(HYSTERESIS, voltage=3.0).equilibrium()
    poled.save(tmp_path / "s.h5")
    loaded = Solution.load(tmp_path / "s.h5")
    at_zero = film(HYSTERESIS, voltage=0.0)
    kept, fresh = at_zero.equilibrium(loaded), at_zero.equilibrium()
    np.testing.assert_array_equal(kept.unknowns, at_zero.equilibrium(poled).unknowns)
    assert kept.polarization_of("fe").along_axis > 0.02
    assert abs(fresh.polarization_of("fe").along_axis) < 1e-6
    memory = at_zero.discretized.core.dof_carrier == MEMORY
    assert np.abs(kept.unknowns[memory]).max() > 0.0


def test_a_trajectory_of_a_ferroelectric_comes_back_and_goes_on(tmp_path):
    model = film(LAWS["landau"], voltage=0.0)
    start = rest(model)
    protocol = ["Step to -2 V for 100 ps", "Step to 0 V for 100 ps"]
    options = TransientOptions(save="all", checkpoint=tmp_path / "c.h5")
    run = model.transient(protocol, contact="left", reference="right", start=start, options=options)
    run.save(tmp_path / "t.h5")
    after = Trajectory.load(tmp_path / "t.h5", model)
    assert len(after.solutions) == len(run.solutions) > 5
    for mine, its in zip(run.solutions, after.solutions, strict=True):
        np.testing.assert_array_equal(its.unknowns, mine.unknowns)
        np.testing.assert_array_equal(its["polarization"].values, mine["polarization"].values)
    other = film(LAWS["landau"].model_copy(update={"viscosity": 0.3}), voltage=0.0)
    with pytest.raises(InputError, match=r"materials.fe.polarization.viscosity: 0.2 in the file"):
        Trajectory.load(tmp_path / "t.h5", other)


def test_differences_name_the_fixed_polarization():
    law = LAWS["johnson"]
    plain, given = film(law), film(law, fixed_polarization={"fe": (0.01, 0.0)})
    other = film(law, fixed_polarization={"fe": (0.02, 0.0)})
    assert model_differences(plain, given) == ["the field of the fixed polarization of 'fe'"]
    assert model_differences(given, other) == ["the field of the fixed polarization of 'fe'"]
    assert model_differences(given, given) == []
    assert len({fingerprint(m, {}) for m in (plain, given, other)}) == 3


def test_files_of_models_without_fixed_polarization_are_read(tmp_path):
    """Files of earlier versions have no such group."""
    before = film(LAWS["johnson"]).equilibrium()
    before.save(tmp_path / "s.h5")
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        del file["fixed_polarization"]
    after = Solution.load(tmp_path / "s.h5")
    np.testing.assert_array_equal(after.unknowns, before.unknowns)
    assert after.model.fixed_polarization == {}


def test_paraview_sees_the_fields_of_polarization(tmp_path):
    solution = rest(film(LAWS["landau"]))
    solution.write_vtu(tmp_path / "s.vtu")
    mesh = meshio.read(tmp_path / "s.vtu")
    for name in ("polarization", "displacement"):
        (values,) = mesh.cell_data[f"{name} [C/m^2]"]
        np.testing.assert_allclose(values[:, :2], solution[name].values)
    density = mesh.point_data["bound_charge_density [C/m^3]"]
    np.testing.assert_allclose(density, solution["bound_charge_density"].values)


def test_states_of_other_laws_are_no_start():
    """The unknowns of another law are others, which is said."""
    landau, hysteresis = film(LAWS["landau"]), film(HYSTERESIS)
    with pytest.raises(InputError, match="other unknowns"):
        hysteresis.equilibrium(rest(landau))
