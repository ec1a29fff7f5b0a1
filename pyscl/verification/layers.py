"""Cases in equilibrium: space charge layers at electrodes and contacts."""

import numpy as np
from scipy.constants import Avogadro

from pyscl import analytic
from pyscl.analytic import LatticeGasLayer
from pyscl.boundaries import Interface, PotentialContact
from pyscl.mesh import strip
from pyscl.model import Model
from pyscl.verification.meshes import layer_grid
from pyscl.verification.registry import case
from pyscl.verification.setups import (
    VT,
    WIDTH,
    contact_model,
    dielectric,
    lattice_gas_wall,
    salt,
    slab_model,
    wall_model,
)

_HALF = LatticeGasLayer(30.0, 1e27, 0.5)
_DILUTE = LatticeGasLayer(30.0, 1e27, 0.02)


@case(tolerance=1e-3, unit="V")
def debye_hueckel_decay() -> tuple[float, float]:
    """Potential one Debye length from a wall at 1 mV: exp(-1)."""
    model = lattice_gas_wall(_HALF, 1e-3, per_length=40.0)
    length = _HALF.debye_length
    phi = model.equilibrium().potential
    x = model.mesh.points[:, 0]
    computed = np.interp(length, x[::2], phi[::2])  # bottom row of the strip
    return computed, float(analytic.debye_hueckel_potential(length, 1e-3, length))


@case(tolerance=1e-3, unit="C/m^2")
def gouy_chapman_charge() -> tuple[float, float]:
    """Charge of an electrode at 0.1 V in a 1 mM salt (Grahame)."""
    density = Avogadro
    length = float(analytic.debye_length_salt(78.5, density))
    x = layer_grid(22.0 * length, 0.2 * length, 30.0, length)
    model = wall_model(salt(78.5, density), 0.1, strip(x, width=WIDTH))
    computed = model.equilibrium().contact("left").charge / WIDTH
    return computed, float(analytic.gouy_chapman_surface_charge(0.1, 78.5, density))


@case(tolerance=1e-3, unit="C/m^2")
def depletion_charge() -> tuple[float, float]:
    """Charge of an electrode that depletes a half-filled lattice gas by 1 V."""
    model = lattice_gas_wall(_HALF, 1.0)
    return model.equilibrium().contact("left").charge / WIDTH, float(_HALF.wall_charge(1.0))


@case(tolerance=2e-3, unit="C/m^2")
def accumulation_charge() -> tuple[float, float]:
    """Charge of an electrode that saturates a nearly empty lattice gas by -1 V."""
    model = lattice_gas_wall(_DILUTE, -1.0)
    return model.equilibrium().contact("left").charge / WIDTH, float(_DILUTE.wall_charge(-1.0))


@case(tolerance=1e-3, unit="V")
def contact_potential() -> tuple[float, float]:
    """Potential of the interface between two lattice gases 0.77 V apart."""
    left, right = LatticeGasLayer(13.0, 5e26, 0.9), LatticeGasLayer(30.0, 2e26, 0.5)
    model = contact_model(left, right, 30.0 * VT)
    computed = model.equilibrium().interface("a|b").potential
    return computed, analytic.two_sided_contact(left, right, 30.0 * VT).left_potential


@case(tolerance=1e-3, unit="C/m^2")
def charged_contact() -> tuple[float, float]:
    """Layer charge beside a charged interface of two lattice gases."""
    left, right = LatticeGasLayer(13.0, 5e26, 0.3), LatticeGasLayer(30.0, 2e26, 0.5)
    model = contact_model(left, right, 5.0 * VT, interface=Interface(surface_charge=0.05))
    computed = model.equilibrium().interface("a|b").sides[0].charge
    exact = analytic.two_sided_contact(left, right, 5.0 * VT, surface_charge=0.05)
    return computed, exact.left_displacement


@case(tolerance=1e-3, unit="V")
def blocking_slab() -> tuple[float, float]:
    """Share of 1 V that falls over the depleted side of a slab with conserved carriers."""
    layer = LatticeGasLayer(30.0, 1e26, 0.1)
    model = slab_model(layer, 1.0)
    phi, x = model.equilibrium().potential, model.mesh.points[:, 0]
    middle = phi[np.argmin(np.abs(x - 0.5 * x.max()))]
    _, depletion = analytic.blocking_slab_split(1.0 / VT, layer.site_fraction)
    return 1.0 - middle, depletion * VT


@case(tolerance=1e-12, unit="mol/m")
def conserved_amount() -> tuple[float, float]:
    """Carriers in a blocked slab at 1 V: the amount of the neutral slab."""
    layer = LatticeGasLayer(30.0, 1e26, 0.1)
    model = slab_model(layer, 1.0)
    density = layer.site_density * layer.site_fraction / Avogadro
    return model.equilibrium().amount("Li"), density * float(model.mesh.areas.sum())


@case(tolerance=1e-10, unit="F/m^2")
def dielectric_stack() -> tuple[float, float]:
    """Capacitance of 10 nm with eps 30 on 5 nm with eps 1000."""
    model = Model(
        strip(np.linspace(0.0, 15e-9, 16), WIDTH, regions=[("film", 10e-9), ("oxide", 15e-9)]),
        {"film": dielectric(30.0), "oxide": dielectric(1000.0)},
        contacts={
            "left": PotentialContact(potential=1.0),
            "right": PotentialContact(potential=0.0),
        },
    )
    computed = model.equilibrium().contact("left").charge / WIDTH
    return computed, float(analytic.series_capacitance([10e-9, 5e-9], [30.0, 1000.0]))
