"""Models whose impedance has a closed form."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyscl.analytic import LatticeGasLayer
from pyscl.boundaries import Conserved, Interface, PotentialContact
from pyscl.materials import Boltzmann, Carrier, Material, OpenCircuit
from pyscl.mesh import strip
from pyscl.model import Model
from pyscl.verification.meshes import layer_grid, two_sided
from pyscl.verification.setups import (
    VT,
    WIDTH,
    dielectric,
    finest_length,
    lattice_gas,
    reservoir,
    salt,
    salt_length,
)


def dilute_conductor(relative_permittivity: float, density: float, conductivity: float) -> Material:
    """Return a dilute cation before an immobile background.

    Args:
        relative_permittivity: dielectric constant.
        density: of the cation [1/m3].
        conductivity: [S/m].
    """
    cation = Carrier(
        name="cation",
        charge=1,
        statistics=Boltzmann(),
        mobility="dilute",
        site_density=1e3 * density,
        site_fraction=1e-3,
        conductivity=conductivity,
    )
    return Material(relative_permittivity=relative_permittivity, carriers=(cation,))


def blocking_cell(
    material: Material,
    thickness: float,
    debye_length: float,
    per_length: float = 20.0,
    temperature: float = 298.15,
    film: tuple[float, float] | None = None,
) -> Model:
    """Return a slab between blocking electrodes at 0 V; its carriers are conserved.

    Args:
        material: of the region "electrolyte".
        thickness: [m].
        debye_length: length to resolve [m].
        per_length: mesh steps per Debye length at the electrodes.
        temperature: [K].
        film: thickness [m] and relative permittivity of a dielectric before both electrodes.
    """
    half = _grid(0.5 * thickness, debye_length, per_length, debye_length)
    x = two_sided(half[-1] - half[::-1], half[-1] - half[::-1])
    regions, materials = [("electrolyte", thickness)], {"electrolyte": material}
    if film:
        depth, permittivity = film
        x = np.concatenate([[0.0], depth + x, [x[-1] + 2.0 * depth]])
        regions = [("film", depth), ("electrolyte", x[-2]), ("second film", x[-1])]
        materials |= {name: dielectric(permittivity) for name in ("film", "second film")}
    return Model(
        strip(x, width=WIDTH, regions=[(name, float(end)) for name, end in regions]),
        materials,
        contacts={side: PotentialContact(potential=0.0) for side in ("left", "right")},
        conserved=[Conserved(carrier=c.name, regions=("electrolyte",)) for c in material.carriers],
        temperature=temperature,
    )


def reversible_cell(
    density: float, lengths: float, ratio: float, per_length: float = 20.0
) -> Model:
    """Return a 1:1 salt between electrodes reversible to the cation, without charge on them.

    Args:
        density: of each ion [1/m3]; the relative permittivity is 78.5.
        lengths: thickness in Debye lengths.
        ratio: D-/D+; D+ is 1e-10 m2/s.
        per_length: mesh steps per Debye length at the electrodes.
    """
    unit = salt_length(78.5, density)
    half = _grid(0.5 * lengths * unit, unit, per_length, 0.0)
    return Model(
        strip(two_sided(half[-1] - half[::-1], half[-1] - half[::-1]), width=WIDTH),
        {"electrolyte": salt(78.5, density, ratio)},
        contacts={side: reservoir("cation", potential=None) for side in ("left", "right")},
        conserved=[Conserved(carrier="anion", regions=("electrolyte",))],
    )


def junction(
    layers: tuple[LatticeGasLayer, LatticeGasLayer],
    thicknesses: tuple[float, float],
    conductivities: tuple[float, float],
    per_length: float = 20.0,
    interface: Interface | None = None,
    shortest: float | None = None,
) -> Model:
    """Return two lattice gases without built-in voltage between reversible electrodes.

    Args:
        layers: of the regions a and b; same charge number.
        thicknesses: [m].
        conductivities: [S/m].
        per_length: mesh steps per length at the junction.
        interface: law of the junction; default: equilibrium.
        shortest: this length [m]; default: the Debye length where the layer is saturated.
    """
    parts = [
        _grid(thickness, shortest or finest_length(k), per_length, k.debye_length)
        for k, thickness in zip(layers, thicknesses, strict=True)
    ]
    x = two_sided(*parts)
    first, second = (
        lattice_gas(k, conductivity=sigma, standard_potential=-VT * _level(k))
        for k, sigma in zip(layers, conductivities, strict=True)
    )
    return Model(
        strip(x, width=WIDTH, regions=[("a", float(parts[0][-1])), ("b", float(x[-1]))]),
        {"a": first, "b": second},
        contacts={"left": reservoir(), "right": reservoir()},
        interfaces={"a|b": interface or Interface()},
    )


def _grid(
    thickness: float, shortest: float, per_length: float, longest: float
) -> NDArray[np.float64]:
    """Return a `layer_grid` with steps that grow further in thick layers, where fields are flat."""
    return layer_grid(thickness, shortest, per_length, max(longest, 0.05 * thickness))


def _level(layer: LatticeGasLayer) -> float:
    return float(np.log(layer.site_fraction / (1.0 - layer.site_fraction)))


INSERTION = OpenCircuit(formula="4.3 - 0.6*x - 0.15*x**2", range=(0.02, 0.98), reference=3.9625)
"""Open-circuit curve of the particle of `insertion_cell`, 3.9625 V and -0.75 V at x = 0.5."""


def active_material(ionic: float, electronic: float) -> Material:
    """Return a half-filled material with `INSERTION`, its lithium level with a half-filled one.

    Args:
        ionic: conductivity of its lithium ions [S/m].
        electronic: conductivity of its electrons [S/m].
    """
    shared: dict[str, Any] = {"site_density": 2e28, "site_fraction": 0.5}
    half = INSERTION.model_copy(update={"share": 0.5})
    return Material(
        relative_permittivity=10.0,
        carriers=(
            Carrier(name="Li", charge=1, statistics=half, conductivity=ionic, **shared),
            Carrier(
                name="e",
                charge=-1,
                statistics=half,
                conductivity=electronic,
                standard_potential=-INSERTION.reference,
                **shared,
            ),
        ),
    )


def insertion_cell(
    thicknesses: tuple[float, float],
    conductivities: tuple[float, float, float],
    interface: Interface,
    per_length: float = 5.0,
) -> Model:
    """Return lithium metal | electrolyte | particle | collector, without built-in voltage.

    Args:
        thicknesses: of the electrolyte and the particle [m].
        conductivities: of the electrolyte, and of ions and electrons in the particle [S/m].
        interface: law of "electrolyte|particle".
        per_length: mesh steps per Debye length at the interface.
    """
    layer = LatticeGasLayer(30.0, 1e27, 0.5)
    parts = [
        _grid(thicknesses[0], layer.debye_length, per_length, 0.0),
        _grid(thicknesses[1], 7e-11, per_length, 0.0),
    ]
    x = two_sided(*parts)
    ends = [("electrolyte", float(parts[0][-1])), ("particle", float(x[-1]))]
    return Model(
        strip(x, width=WIDTH, regions=ends),
        {
            "electrolyte": lattice_gas(layer, conductivity=conductivities[0]),
            "particle": active_material(*conductivities[1:]),
        },
        contacts={
            "left": reservoir(),
            "right": reservoir("e", None, electrochemical_potential="open-circuit"),
        },
        interfaces={"electrolyte|particle": interface},
    )
