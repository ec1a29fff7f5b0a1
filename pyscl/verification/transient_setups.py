"""Models whose behaviour in time has a closed form."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.constants import epsilon_0

from pyscl.analytic import LatticeGasLayer
from pyscl.analytic.diffusion import Shape
from pyscl.boundaries import Conserved, PotentialContact
from pyscl.materials import Material, OpenCircuit
from pyscl.mesh import strip
from pyscl.model import Model
from pyscl.study.transient import TransientOptions
from pyscl.verification.meshes import layer_grid, sector, share_side
from pyscl.verification.setups import VT, WIDTH, finest_length, lattice_gas, reservoir

DIFFUSIVITY = 1e-12  # chemical diffusivity of the lattice gases [m2/s]


def relaxation_time(layer: LatticeGasLayer) -> float:
    """Return lambda^2/D [s], the unit of time of the closed forms."""
    return layer.debye_length**2 / DIFFUSIVITY


def charging_slab(
    layer: LatticeGasLayer,
    half_thickness: float,
    mobility: str = "vacancy",
    per_length: float = 20.0,
) -> Model:
    """Return a slab between blocking electrodes, at rest at 0 V.

    Args:
        layer: the neutral slab; its chemical diffusivity is `DIFFUSIVITY`.
        half_thickness: M, half of the thickness in Debye lengths.
        mobility: of the carrier.
        per_length: mesh steps per length to resolve.
    """
    half = layer_grid(
        half_thickness * layer.debye_length, finest_length(layer), per_length, layer.debye_length
    )
    x = np.concatenate([half, 2.0 * half[-1] - half[-2::-1]])
    # J = -D grad(n)/(1 - theta) without field for the dilute mobility
    factor = 1.0 - layer.site_fraction if mobility == "dilute" else 1.0
    material = lattice_gas(layer, mobility=mobility, diffusivity=factor * DIFFUSIVITY)
    return Model(
        strip(x, width=WIDTH),
        {"electrolyte": material},
        contacts={
            "left": PotentialContact(potential=0.0),
            "right": PotentialContact(potential=0.0),
        },
        conserved=[Conserved(carrier="Li", regions=("electrolyte",))],
    )


def step_charge(
    model: Model,
    layer: LatticeGasLayer,
    voltage: float,
    times: Sequence[float],
    tolerance: float = 1e-3,
) -> NDArray[np.float64]:
    """Return the charge of the left electrode after a step of its voltage, reduced.

    Args:
        model: a `charging_slab`.
        layer: its layer.
        voltage: kT/e.
        times: lambda^2/D, increasing.
        tolerance: of the time steps.

    Returns:
        Field at the electrode in kT/(e lambda) (n,).
    """
    unit = relaxation_time(layer)
    seconds = tuple(float(t) * unit for t in times)
    trajectory = model.transient(
        [f"Step to {voltage * VT!r} V", f"Wait for {seconds[-1]!r} s"],
        contact="left",
        options=TransientOptions(save=seconds, tolerance=tolerance),
    )
    times_kept = trajectory.times
    charges = [
        trajectory.solutions[int(np.argmin(np.abs(times_kept - wanted)))].contact("left").charge
        for wanted in seconds
    ]
    field = epsilon_0 * layer.relative_permittivity * VT / layer.debye_length
    return np.array(charges) / (WIDTH * field)


def particle(
    material: Material, carriers: tuple[str, str], shape: Shape, radius: float, cells: int
) -> tuple[Model, str]:
    """Return a body into which two carriers enter over the whole surface, and nowhere else.

    A quarter of a sphere is a sector, a cylinder and a slab are strips.

    Args:
        material: of the body.
        carriers: the two carriers that pass through the surface.
        shape: "slab", "cylinder" or "sphere".
        radius: radius, or thickness of the slab [m].
        cells: mesh steps along it.

    Returns:
        The model, with the second carrier at the contact "collector", and the name of the contact
        of the first.
    """
    radii = np.linspace(0.0, radius, cells + 1)
    if shape == "sphere":
        mesh, surface = sector(radii, np.pi / 2.0, cells), "outer"
    else:
        mesh, surface = strip(radii, width=radius / cells), "right"
    first, second = (
        # lithium metal and the active material's own electrons, or the neutral bulk of a salt
        reservoir(name, potential=None, electrochemical_potential=level)
        for name, level in zip(carriers, _levels(material, carriers), strict=True)
    )
    model = Model(
        share_side(mesh, surface, "collector"),
        {"electrolyte": material},
        contacts={surface: first, "collector": second},
        coordinates="planar" if shape == "slab" else "axisymmetric",
    )
    return model, surface


def _levels(material: Material, carriers: tuple[str, str]) -> tuple[float | str, float | str]:
    mixed = any(isinstance(material.carrier(c).statistics, OpenCircuit) for c in carriers)
    return (0.0, "open-circuit") if mixed else ("neutral", "neutral")
