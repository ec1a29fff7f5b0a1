"""T16: a 1 um particle in a 2 um box with a Debye length of 0.5 nm, meshed with layers."""

from importlib.util import find_spec

import numpy as np
import pytest
from partitions import NM, discs
from scipy.constants import elementary_charge, epsilon_0
from scipy.special import logit

from pyscl import Interface
from pyscl.analytic import LatticeGasLayer
from pyscl.mesh import Mesh, check
from pyscl.meshing import MeshSizes, mesh_partition
from pyscl.model import Model
from pyscl.verification.meshes import layer_grid, sector
from pyscl.verification.setups import VT, finest_length, lattice_gas, reservoir

pytestmark = pytest.mark.skipif(find_spec("gmsh") is None, reason="needs gmsh")

RADIUS = 500 * NM
SITES = 1e27  # reference site density [1/m3]
POTENTIAL, CHARGE = 11.749966, 0.805717  # T16: kT/e above the particle, e times SITES nm


def layer(lam2: float, sites: float, theta: float) -> LatticeGasLayer:
    permittivity = lam2 * NM**2 * elementary_charge * SITES / (epsilon_0 * VT)
    return LatticeGasLayer(permittivity, sites * SITES, theta)


PARTICLE, ELECTROLYTE = layer(0.125, 0.6, 0.05), layer(0.0625, 1.0, 0.5)


def model(mesh: Mesh, contact: str) -> Model:
    """Return the particle at +0.5 V against the electrolyte far away."""
    step = float(logit(PARTICLE.site_fraction) - logit(ELECTROLYTE.site_fraction))
    return Model(
        mesh,
        {
            "electrolyte": lattice_gas(ELECTROLYTE),
            "particle": lattice_gas(PARTICLE, standard_potential=-0.5 - VT * step),
        },
        contacts={contact: reservoir()},
        interfaces={"electrolyte|particle": Interface()},
    )


def results(mesh: Mesh, contact: str, arc: float = 2.0 * np.pi) -> tuple[float, float]:
    """Return the potential of the interface [kT/e] and its charge per area of the circle."""
    found = model(mesh, contact).equilibrium().interface("electrolyte|particle")
    charge = abs(found.sides[0].charge) * found.measure / (arc * RADIUS)
    return found.potential / VT, charge / (elementary_charge * SITES * NM)


@pytest.fixture(scope="module")
def reference():
    """The radial problem on a fine sector."""
    inner, outer = (
        layer_grid(40 * k.debye_length, finest_length(k), 80.0, k.debye_length)
        for k in (PARTICLE, ELECTROLYTE)
    )
    core = np.linspace(0.0, RADIUS - inner[-1], 200)[:-1]
    far = np.linspace(RADIUS + outer[-1], 2 * RADIUS, 200)[1:]
    radii = np.concatenate([core, RADIUS - inner[::-1], RADIUS + outer[1:], far])
    ends = [("particle", RADIUS), ("electrolyte", radii[-1])]
    return results(sector(radii, 1e-3, 1, ends), "outer", arc=1e-3)


def test_the_radial_reference_is_that_of_the_acceptance_test(reference):
    """The 1D reference shall be the one that was found with another program."""
    assert reference[0] == pytest.approx(POTENTIAL, rel=5e-5)
    assert reference[1] == pytest.approx(CHARGE, rel=1e-4)


def disc_mesh(**sizes) -> Mesh:
    partition = discs(2000, 2000, [(1000, 1000, 500)])
    resolve = {"particle": 0.456 * NM, "electrolyte": 0.25 * NM}  # site lengths
    return mesh_partition(partition, MeshSizes(resolve, **sizes))


def test_layers_give_the_interface_charge_within_two_per_mille(reference):
    """T16: with at most 10 000 nodes, 0.2 % in the charge and 0.1 % in the potential."""
    mesh = disc_mesh(per_length=4.0, growth=1.15, depth=15.0, along=20 * NM)
    potential, charge = results(mesh, "left")
    assert mesh.n_points <= 10_000
    assert potential == pytest.approx(reference[0], rel=1e-3)
    assert charge == pytest.approx(reference[1], rel=2e-3)


def test_layers_need_ten_times_fewer_nodes_than_uniform_triangles(reference):
    """The error of layers shall be below that of equal-sided triangles with ten times the nodes."""
    pytest.importorskip("gmsh")
    layers = disc_mesh(per_length=1.0, along=25 * NM)
    small = discs(2000, 2000, [(1000, 1000, 500)])
    even = mesh_partition(small, MeshSizes(along=0.5 * NM, bulk=200 * NM))
    assert even.n_points > 8 * layers.n_points
    errors = [abs(results(mesh, "left")[1] / reference[1] - 1) for mesh in (layers, even)]
    assert errors[0] < errors[1]


def test_the_expected_charge_error_is_that_of_a_weak_layer():
    """The verdict's estimate shall be within a quarter of the error of a weak layer."""
    weak = layer(0.0625, 1.0, 0.5)
    errors, expected = [], []
    for per_length, growth in ((2.0, 1.1), (4.0, 1.3), (16.0, 1.05)):
        partition = discs(200, 200, [(100, 100, 60)])
        resolve = dict.fromkeys(partition.regions, weak.debye_length)
        mesh = mesh_partition(
            partition, MeshSizes(resolve, per_length=per_length, growth=growth, depth=12.0)
        )
        material = {
            "electrolyte": lattice_gas(weak),
            "particle": lattice_gas(weak, standard_potential=0.1 * VT),
        }
        found = Model(mesh, material, contacts={"left": reservoir()}).equilibrium()
        side = found.interface("electrolyte|particle")
        errors.append(abs(side.sides[0].charge) * side.measure / (2 * np.pi * 60 * NM))
        expected.append(check(mesh, resolve).interfaces[0].charge_error)
    finest = errors[-1] / (1 + expected[-1])
    for error, estimate in zip(errors[:-1], expected[:-1], strict=True):
        assert error / finest - 1 == pytest.approx(estimate, rel=0.25)
