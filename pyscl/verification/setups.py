"""Materials, and planar models in equilibrium that have a closed form."""

from typing import Any

import numpy as np
from scipy.special import logit

from pyscl.analytic import LatticeGasLayer, debye_length_salt, thermal_voltage
from pyscl.boundaries import Conserved, ContactLaw, Interface, PotentialContact, ReservoirContact
from pyscl.materials import Boltzmann, Carrier, Material
from pyscl.mesh import Mesh, strip
from pyscl.model import Coordinates, Model
from pyscl.verification.meshes import layer_grid, share_side, two_sided

WIDTH = 1e-9  # extent of the strips across [m]
VT = thermal_voltage()  # kT/e at the default temperature [V]


def lattice_gas(layer: LatticeGasLayer, **carrier: Any) -> Material:
    """Return the material of an analytic layer; `carrier` adds or replaces carrier properties."""
    properties: dict[str, Any] = {
        "name": "Li",
        "charge": layer.charge,
        "site_density": layer.site_density,
        "site_fraction": layer.site_fraction,
        **({} if "diffusivity" in carrier else {"conductivity": 0.1}),
        **carrier,
    }
    return Material(
        relative_permittivity=layer.relative_permittivity, carriers=(Carrier(**properties),)
    )


def salt(relative_permittivity: float, density: float, ratio: float = 1.0) -> Material:
    """Return a dilute 1:1 salt.

    Args:
        relative_permittivity: dielectric constant.
        density: of each ion [1/m3].
        ratio: D-/D+; D+ is 1e-10 m2/s.
    """
    cation, anion = (
        Carrier(
            name=name,
            charge=charge,
            statistics=Boltzmann(),
            mobility="dilute",
            site_density=1e3 * density,
            site_fraction=1e-3,
            diffusivity=diffusivity,
        )
        for name, charge, diffusivity in (("cation", 1, 1e-10), ("anion", -1, 1e-10 * ratio))
    )
    return Material(relative_permittivity=relative_permittivity, carriers=(cation, anion))


def dielectric(relative_permittivity: float) -> Material:
    """Return a material without carriers."""
    return Material(relative_permittivity=relative_permittivity)


def reservoir(carrier: str = "Li", potential: Any = "neutral", **more: Any) -> ReservoirContact:
    """Return a reservoir at the neutral electrochemical potential unless told otherwise."""
    return ReservoirContact(carrier=carrier, potential=potential, **more)


def wall_model(
    material: Material,
    wall_potential: float,
    mesh: Mesh,
    wall: str = "left",
    bulk: str = "right",
    coordinates: Coordinates = "planar",
) -> Model:
    """Return a layer at a blocking electrode, with a neutral reservoir of every carrier far away.

    Args:
        material: of the region "electrolyte".
        wall_potential: potential of the electrode relative to the neutral bulk [V].
        mesh: a mesh with that region.
        wall: facet group of the electrode.
        bulk: facet group of the far side.
        coordinates: as in `Model`.
    """
    first, *others = (c.name for c in material.carriers)
    contacts: dict[str, ContactLaw] = {
        wall: PotentialContact(potential=wall_potential),
        bulk: reservoir(first, potential=0.0),
    }
    for name in others:
        mesh = share_side(mesh, bulk, f"{bulk} {name}")
        contacts[f"{bulk} {name}"] = reservoir(name, potential=None)
    return Model(mesh, {"electrolyte": material}, contacts=contacts, coordinates=coordinates)


def lattice_gas_wall(
    layer: LatticeGasLayer, wall_potential: float, per_length: float = 20.0, lengths: float = 22.0
) -> Model:
    """Return the layer of a lattice gas before a plane electrode.

    The steps at the wall resolve the length over which a saturated layer bends the potential,
    `sqrt(theta0)` Debye lengths in accumulation, and the Debye length in depletion.

    Args:
        layer: the analytic layer.
        wall_potential: [V].
        per_length: mesh steps per length.
        lengths: thickness of the domain in Debye lengths.
    """
    decreasing = wall_potential * layer.charge > 0.0
    minority = 1.0 - layer.site_fraction if decreasing else layer.site_fraction
    shortest = layer.debye_length * np.sqrt(minority)
    x = layer_grid(lengths * layer.debye_length, shortest, per_length, layer.debye_length)
    return wall_model(lattice_gas(layer), wall_potential, strip(x, width=WIDTH))


def contact_model(
    left: LatticeGasLayer,
    right: LatticeGasLayer,
    voltage: float,
    per_length: float = 20.0,
    interface: Interface | None = None,
) -> Model:
    """Return two lattice gases in contact, regions a and b, with a neutral reservoir on the left.

    Args:
        left: layer of region a.
        right: layer of region b; same charge number.
        voltage: potential of the bulk of a minus that of b [V].
        per_length: mesh steps per length.
        interface: law of the interface; default: equilibrium without charge.
    """
    step = logit(right.site_fraction) - logit(left.site_fraction)
    offset = left.charge * voltage - VT * float(step)
    parts = [
        layer_grid(22.0 * k.debye_length, finest_length(k), per_length, k.debye_length)
        for k in (left, right)
    ]
    x = two_sided(*parts)
    mesh = strip(x, width=WIDTH, regions=[("a", parts[0][-1]), ("b", x[-1])])
    return Model(
        mesh,
        {"a": lattice_gas(left), "b": lattice_gas(right, standard_potential=offset)},
        contacts={"left": reservoir()},
        interfaces={"a|b": interface or Interface()},
    )


def slab_model(layer: LatticeGasLayer, voltage: float, per_length: float = 20.0) -> Model:
    """Return a slab of 80 Debye lengths between blocking electrodes; its carriers are conserved.

    Args:
        layer: the neutral slab.
        voltage: potential of the right electrode minus that of the left [V].
        per_length: mesh steps per length.
    """
    half = layer_grid(
        40.0 * layer.debye_length, finest_length(layer), per_length, layer.debye_length
    )
    x = np.concatenate([half, 2.0 * half[-1] - half[-2::-1]])
    return Model(
        strip(x, width=WIDTH),
        {"electrolyte": lattice_gas(layer)},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=voltage),
        },
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )


def finest_length(layer: LatticeGasLayer) -> float:
    """Length over which the potential bends where the layer is saturated [m]."""
    minority = min(layer.site_fraction, 1.0 - layer.site_fraction)
    return layer.debye_length * float(np.sqrt(minority))


def salt_length(relative_permittivity: float, density: float) -> float:
    """Return the Debye length of `salt` [m]."""
    return float(debye_length_salt(relative_permittivity, density))
