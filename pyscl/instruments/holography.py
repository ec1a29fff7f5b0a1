"""Electron holography: the phase that a potential gives to the electrons of a microscope."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi, sqrt
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.constants import c as light_speed
from scipy.constants import electron_mass, elementary_charge, h

from pyscl.errors import InputError
from pyscl.instruments.blur import Blur
from pyscl.instruments.extent import Window, length
from pyscl.instruments.raster import FloatArray, Raster, raster_for
from pyscl.instruments.references import reference_potential, region_potentials
from pyscl.instruments.results import Picture
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.solution import Solution


_LOWEST = 1e3  # V, of electrons that pass a specimen


def electron_wavelength(accelerating_voltage: float | str) -> float:
    """Return the relativistic wavelength of electrons [m], h c / sqrt(E (E + 2 E0)).

    Args:
        accelerating_voltage: [V, or text with a unit]; E = e U, E0 = m c^2.

    Raises:
        InputError: it is not positive.
    """
    energy, rest = _energies(accelerating_voltage)
    return h * light_speed / sqrt(energy * (energy + 2.0 * rest))


def interaction_constant(accelerating_voltage: float | str) -> float:
    """Return C_E [rad/(V m)], the phase per projected potential.

    C_E = (2 pi e / wavelength) (E + E0) / (E (E + 2 E0)) with the kinetic energy E = e U and the
    rest energy E0 = m c^2 of the electron: 7.29e6 rad/(V m) at 200 kV, 6.53e6 at 300 kV.

    Source: P. A. Midgley and R. E. Dunin-Borkowski, Nature Materials 8, 271 (2009); constants of
    CODATA.

    Args:
        accelerating_voltage: [V, or text with a unit].

    Raises:
        InputError: it is not positive.
    """
    energy, rest = _energies(accelerating_voltage)
    wave_number = 2.0 * pi / electron_wavelength(accelerating_voltage)
    return wave_number * elementary_charge * (energy + rest) / (energy * (energy + 2.0 * rest))


@dataclass(frozen=True, eq=False, repr=False)
class PhaseMap(Picture):
    """What electron holography sees, see `electron_holography`.

    Attributes:
        phase: of the electrons against those through the reference [rad], (n_rows, n_columns).
        projected: integral of the potential along the beam [V m], shape of the raster.
        potential: its mean along the beam [V], like `projected`.
        interaction_constant: C_E [rad/(V m)].
        reference: potential with phase zero [V].
    """

    phase: FloatArray
    projected: FloatArray
    potential: FloatArray
    interaction_constant: float
    reference: float

    units: ClassVar[dict[str, str]] = {"phase": "rad", "projected": "V*m", "potential": "V"}


def electron_holography(
    solution: "Solution",
    thickness: float | str | None = None,
    *,
    accelerating_voltage: float | str = "300 kV",
    resolution: float | str = "1 nm",
    reference: float | str = 0.0,
    inner_potential: Mapping[str, float | str] | None = None,
    pixel: float | str | None = None,
    window: Window | None = None,
) -> PhaseMap:
    """Return the phase map of off-axis or phase-shifting electron holography.

        phase = C_E integral (V - V_reference) dz,    V = phi + V0,

    with the interaction constant C_E of `interaction_constant` and the mean inner potential V0 of
    the region. In planar coordinates the beam is normal to the plane and the specimen a slab in
    which nothing varies along it: the integral is thickness times V. A body of revolution is seen
    from the side, and the integral along the beam through the distance x from the axis is Abel's,
    2 integral_|x| V(r) r dr / sqrt(r^2 - x^2).

    Not in it: stray fields outside the specimen, damage of its surfaces ("dead layers"),
    diffraction contrast, noise. Source: P. A. Midgley and R. E. Dunin-Borkowski, Nature
    Materials 8, 271 (2009).

    Args:
        solution: the state.
        thickness: of the slab along the beam [m, or text with a unit]; none of a body of
            revolution.
        accelerating_voltage: of the microscope [V, or text with a unit].
        resolution: full width at half maximum of a Gaussian [m, or text with a unit]; 0: none.
        reference: what has phase zero: a potential [V, or text with a unit], or a region, whose
            mean potential it is.
        inner_potential: mean inner potential of regions [V, or text with a unit]; others have 0.
            It makes steps of several volts at interfaces that are no space charge.
        pixel: size of the pixels [m, or text with a unit]; default: a fifth of the resolution.
        window: (x first, x last, y first, y last) [m] to show, default: the mesh.

    Raises:
        InputError: a thickness that is missing or superfluous, an unknown region, pixels coarser
            than a third of the resolution, too many of them, or a window off the mesh.
    """
    model = solution.model
    axisymmetric = model.coordinates == "axisymmetric"
    if axisymmetric and thickness is not None:
        raise InputError(
            "the thickness of a body of revolution follows from its shape; leave thickness out"
        )
    if not axisymmetric and thickness is None:
        raise InputError(
            "electron holography of a plane model needs the thickness of the specimen along the "
            "beam, e.g. thickness='60 nm'"
        )
    if axisymmetric and window is not None:
        raise InputError(
            "the beam crosses the whole body of revolution; leave window out and take a part of "
            "the result"
        )
    inner = region_potentials(solution, inner_potential or {})
    values = solution["potential"].values + inner[solution.site_region]
    zero = reference_potential(solution, reference, values)
    constant = interaction_constant(accelerating_voltage)
    raster, width, part = raster_for(solution, resolution, pixel, window)
    against = raster.mean(values - zero)
    if not axisymmetric:
        path = length("thickness", thickness or 0.0)
        seen = raster.blurred_potential(width, against)[part]
        region = raster.region[part]
        x, y, path_of = raster.x[part[1]], raster.y[part[0]], np.full(seen.shape, path)
    else:
        seen, path_of = _side_view(raster, width, against)
        x, y = np.concatenate([-raster.x[::-1], raster.x]), raster.y
        region = np.concatenate([raster.region[:, ::-1], raster.region], axis=1)
    projected = seen * path_of
    return PhaseMap(
        x=x,
        y=y,
        region=region,
        resolution=width,
        phase=constant * projected,
        projected=projected,
        potential=seen,
        interaction_constant=constant,
        reference=zero,
    )


def _side_view(
    raster: Raster, width: float, potential: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the mean potential [V] along chords through a body, and the chords [m].

    Pixels become rings; the chord at a distance x crosses the ring from a to b on the length
    2 (sqrt(b^2 - x^2) - sqrt(a^2 - x^2)).
    """
    half = np.sqrt(np.maximum(raster.x_edges**2 - raster.x[:, None] ** 2, 0.0))
    chord = 2.0 * np.diff(half, axis=1)
    path = raster.share @ chord.T
    along = (raster.share * np.nan_to_num(potential)) @ chord.T
    if width > 0.0:  # both as the probe sees them
        blur, all_there = Blur(width, raster.pixel), np.ones((raster.shape[0], 2 * raster.shape[1]))
        path, along = (
            blur.of(np.concatenate([v[:, ::-1], v], axis=1), all_there) for v in (path, along)
        )
    else:
        path, along = (np.concatenate([v[:, ::-1], v], axis=1) for v in (path, along))
    seen = np.divide(along, path, out=np.full_like(along, np.nan), where=path > 0.0)
    return seen, path


def _energies(accelerating_voltage: float | str) -> tuple[float, float]:
    """Return kinetic and rest energy of the electrons [J]."""
    volts = parse(accelerating_voltage, "V")
    if not (np.isfinite(volts) and volts > 0.0):
        raise InputError(
            "the accelerating voltage must be positive, e.g. '300 kV', not "
            f"{accelerating_voltage!r}"
        )
    if volts < _LOWEST:
        raise InputError(
            f"an accelerating voltage of {volts:g} V is below {_LOWEST:g} V; a plain number is in "
            f"volts, so write '{volts:g} kV' for kilovolts"
        )
    return elementary_charge * volts, electron_mass * light_speed**2
