"""Relative permittivity against temperature, through the transition of a ferroelectric."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyscl.errors import ConvergenceError, InputError
from pyscl.facets import facet_measure
from pyscl.materials import Landau
from pyscl.model_checks import crystal_warnings, quiet, warn_of_crystals
from pyscl.polar_states import FloatArray, RandomPolarization
from pyscl.polarization import polarization as law_polarization
from pyscl.polarization import triangle_volume
from pyscl.study.impedance.drive import find_drive
from pyscl.study.static_response import static_response
from pyscl.study.steady import check_steady
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.polar_states import PolarStart
    from pyscl.solution import Solution
    from pyscl.study.newton import SolverOptions

_NOISE, _SEED = 1e-4, 0  # over the scale of P, put on each start: symmetric states are left
_POLAR = 0.01  # polarization over the largest one from which on a state is polar
_FLAT = 1e-6  # of the extent of the mesh


@dataclass(frozen=True, eq=False)
class PermittivityBranch:
    """States of rest at rising or falling temperatures.

    Attributes:
        temperatures: (n,) in the order in which they were reached [K].
        permittivity: dQ/dV times thickness over area and eps0 (n,).
        polarization: root of the mean square of P in the ferroelectric regions (n,) [C/m2].
        bulk: of single domains by the Landau polynomial alone, eps_b + n.(f'')^-1.n / eps0 with n
            normal to the contact (n,): at the minimum of f that is nearest to the polarization of
            each place, and the mean over the places; NaN with several or no ferroelectric regions,
            or a contact that is not flat.
        solutions: the states (n,) if they were kept, else the last one.
    """

    temperatures: FloatArray
    permittivity: FloatArray
    polarization: FloatArray
    bulk: FloatArray
    solutions: tuple["Solution", ...] = field(default=(), repr=False)

    @property
    def transition(self) -> tuple[float, float] | None:
        """Neighbouring temperatures between which polar states begin or end [K], or None.

        The lower one comes first. P counts from a hundredth of its largest value.
        """
        polar = self.polarization > _POLAR * max(float(self.polarization.max(initial=0.0)), 1e-9)
        changes = np.flatnonzero(polar[1:] != polar[:-1])
        if not len(changes):
            return None
        low, high = sorted(self.temperatures[changes[0] : changes[0] + 2].tolist())
        return low, high


@dataclass(frozen=True, eq=False)
class PermittivitySweep:
    """Permittivity on heating and on cooling.

    Attributes:
        contact: the contact whose charge follows its voltage.
        thickness: between the contact and the others [m].
        area: of the contact, [m] in planar and [m2] in axisymmetric coordinates.
        heating: states at rising temperatures.
        cooling: at falling ones, or None.
    """

    contact: str
    thickness: float
    area: float
    heating: PermittivityBranch
    cooling: PermittivityBranch | None

    @property
    def transition_temperatures(self) -> tuple[float | None, float | None]:
        """Middle of the temperatures of the transition on heating and on cooling [K], or None."""
        found = [b.transition if b else None for b in (self.heating, self.cooling)]
        heating, cooling = (0.5 * (t[0] + t[1]) if t else None for t in found)
        return heating, cooling

    @property
    def final(self) -> "Solution":
        """The last state."""
        return (self.cooling or self.heating).solutions[-1]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with units in the keys."""
        heating, cooling = self.transition_temperatures
        peak = int(self.heating.permittivity.argmax())
        return {
            "contact": self.contact,
            "thickness [m]": self.thickness,
            "transition on heating [K]": heating,
            "transition on cooling [K]": cooling,
            "largest permittivity on heating": float(self.heating.permittivity[peak]),
            "at [K]": float(self.heating.temperatures[peak]),
        }

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write one row per state, units in the column heads."""
        head = ("branch", "temperature [K]", "relative permittivity", "polarization [C/m^2]",
                "relative permittivity of the bulk")  # fmt: skip
        with open(path, "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(head)
            for name, b in (("heating", self.heating), ("cooling", self.cooling)):
                if b is None:
                    continue
                rows = zip(b.temperatures, b.permittivity, b.polarization, b.bulk, strict=True)
                for row in rows:
                    table.writerow([name, *(f"{value:.12g}" for value in row)])


def permittivity_sweep(
    model: "Model",
    temperatures: Sequence[float | str] | ArrayLike,
    contact: str,
    *,
    thickness: float | str | None = None,
    cooling: bool = True,
    polarization: "Mapping[str, PolarStart] | PolarStart | None" = None,
    keep: bool = False,
    options: "SolverOptions | None" = None,
) -> PermittivitySweep:
    """Compute the relative permittivity of a film or composite at temperatures.

    At each temperature the polarization comes to rest from the state before, on which a seeded
    noise of 1e-4 is put, so that states of a symmetry that is no longer stable are left. The
    permittivity is that of the same capacitor without the material, dQ/dV of the state at rest
    over that of a vacuum.

    Args:
        model: the model; its own temperature does not matter.
        temperatures: [K], or texts with a unit, in any order.
        contact: the contact whose voltage changes a little; the others are held.
        thickness: between the contact and the others [m]; default: the distance of flat contacts.
        cooling: whether the temperatures are passed downwards again.
        polarization: at the lowest temperature, as in `Model.equilibrium`.
        keep: whether the states are kept in `solutions`.
        options: tolerances and iteration limits.

    Raises:
        InputError: fewer than two temperatures, a bad contact, or contacts whose distance is not
            clear.
        ConvergenceError: a state failed; `error.partial` is the sweep up to it, if it reached any.
    """
    kelvin = _read(temperatures)
    width = check_sweep(model, contact, thickness, kelvin)
    area = float(facet_measure(model, model.mesh.facets_of(contact)).sum())
    unit = width / area
    ways = [_Way(contact, unit, rising=True, keep=keep)]
    if cooling:
        ways.append(_Way(contact, unit, rising=False, keep=keep))
    state: Solution | None = None
    warn_of_crystals(model, kelvin[[0, -1]], crystal_warnings(model, [model.temperature]))
    try:
        for way in ways:
            for t in kelvin if way.rising else kelvin[::-1]:
                with quiet():  # what is outside of the range has been said
                    present = model.with_temperature(float(t))
                if state is None:
                    state = present.equilibrium(polarization=polarization, options=options)
                else:
                    state = present.equilibrium(_shaken(present, state), options=options)
                way.add(state)
    except ConvergenceError as error:
        if ways[0].temperatures:
            error.partial = _result(contact, width, area, ways)
        raise
    return _result(contact, width, area, ways)


def check_sweep(
    model: "Model",
    contact: str,
    thickness: float | str | None,
    temperatures: Sequence[float] | FloatArray,
) -> float:
    """Refuse a sweep that cannot be carried out, and return the thickness [m].

    Raises:
        InputError: a bad contact, contacts whose distance is not clear, or a temperature at which
            a Landau energy has no lower bound.
    """
    find_drive(model, contact)
    check_steady(model, {contact: 0.0})
    for material in model.materials.values():
        if isinstance(law := material.polarization, Landau):
            for temperature in temperatures:
                law.polynomial(float(temperature))
    width = _thickness(model, contact) if thickness is None else parse(thickness, "m")
    if not width > 0.0:
        raise InputError(f"the thickness must be above 0 m, not {width:g} m")
    return width


def _result(contact: str, width: float, area: float, ways: "list[_Way]") -> PermittivitySweep:
    branches = [way.branch() for way in ways if way.temperatures]
    return PermittivitySweep(
        contact, width, area, branches[0], branches[1] if len(branches) > 1 else None
    )


class _Way:
    """Collects the states of one branch."""

    def __init__(self, contact: str, unit: float, *, rising: bool, keep: bool) -> None:
        self.rising = rising
        self.temperatures: list[float] = []
        self._contact, self._unit, self._keep = contact, unit, keep
        self._rows: list[tuple[float, float, float]] = []
        self._solutions: list[Solution] = []

    def add(self, state: "Solution") -> None:
        """Add a state: its permittivity, its polarization, and that of its bulk."""
        from scipy.constants import epsilon_0  # 0.1 s to import

        self.temperatures.append(state.model.temperature)
        stored = static_response(state, self._contact).charges[self._contact]
        eps = stored * self._unit / epsilon_0
        self._rows.append((eps, _size(state), _bulk(state, self._contact)))
        if not self._keep:
            self._solutions.clear()
        self._solutions.append(state)

    def branch(self) -> PermittivityBranch:
        """Return the states so far."""
        eps, size, bulk = np.array(self._rows).T
        states = tuple(self._solutions)
        return PermittivityBranch(np.array(self.temperatures), eps, size, bulk, states)


def bulk_permittivity(
    law: Landau, temperature: float, polarization: ArrayLike, direction: ArrayLike = (1.0, 0.0)
) -> Any:
    """Return eps_b + n.(f''(P))^-1.n / eps0 of single domains without field, (k,).

    The field changes along n and stays 0 across it.

    Args:
        law: the ferroelectric.
        temperature: [K].
        polarization: along the crystal axes [C/m2], (k, 2): P is the minimum of f nearest to it.
        direction: n along the crystal axes, a unit vector or one for each P (k, 2).
    """
    from scipy.constants import epsilon_0  # 0.1 s to import

    polynomial = law.polynomial(temperature)
    p = np.asarray(polarization, dtype=float)
    away = np.abs(p)[..., None, :] - polynomial.minima  # minima have components >= 0
    state = np.copysign(polynomial.minima[(away**2).sum(axis=-1).argmin(axis=-1)], p)
    n = np.asarray(direction, dtype=float)
    stiffness = polynomial.stiffness(state[..., 0], state[..., 1])
    response = np.einsum("...i,...ij,...j->...", n, np.linalg.inv(stiffness), n)
    return law.linear_permittivity + response / epsilon_0


def _bulk(state: "Solution", contact: str) -> float:
    """Return the mean permittivity of single domains like those of a state; NaN if not defined."""
    model = state.model
    laws = {r: m.polarization for r, m in model.materials.items()}
    regions = [r for r, law in laws.items() if isinstance(law, Landau)]
    flat = _plane(model, contact)
    if len(regions) != 1 or flat is None:
        return float("nan")
    law = laws[regions[0]]
    assert isinstance(law, Landau)
    here = model.mesh.regions_of(regions[0])
    axis = model.discretized.axes[here]
    turn = np.stack([axis, np.column_stack([-axis[:, 1], axis[:, 0]])], axis=1)
    p = turn @ law_polarization(model, state.unknowns)[here][..., None]
    eps = bulk_permittivity(law, model.temperature, p[..., 0], turn @ flat[1])
    return float(np.average(eps, weights=triangle_volume(model)[here]))


def _size(state: "Solution") -> float:
    """Return the root of the mean square of P in the ferroelectric regions [C/m2]."""
    model = state.model
    numbers = [
        k
        for k, name in enumerate(model.mesh.region_names)
        if isinstance(model.materials[name].polarization, Landau)
    ]
    inside = np.isin(model.mesh.region, numbers)
    if not inside.any():
        return 0.0
    weight = triangle_volume(model)[inside]
    square = (state["polarization"].values[inside] ** 2).sum(axis=1)
    return float(np.sqrt(weight @ square / weight.sum()))


def _shaken(model: "Model", state: "Solution") -> "Solution":
    """Return a state with a seeded noise on its polarization, as a start for another model."""
    from pyscl.solution import Solution

    d, u = model.discretized, state.unknowns_for(model)
    for number, name in enumerate(model.mesh.region_names):
        law = model.materials[name].polarization
        if not isinstance(law, Landau):
            continue
        sites = np.flatnonzero(d.site_region == number)
        noise = RandomPolarization(share=_NOISE, seed=_SEED).along_axes(
            model.mesh.points[d.site_node[sites]], law.scale(model.temperature)
        )
        for component in range(2):
            u[d.site_polar[sites] + component] += noise[:, component] / d.scaling.surface_charge
    return Solution(model, u, kind=state.kind, bias=state.bias, history=state.history)


def _thickness(model: "Model", contact: str) -> float:
    """Return the distance of a flat contact from the others, all of them parallel to it [m].

    Raises:
        InputError: there is no such distance.
    """
    mesh = model.mesh
    plane = _plane(model, contact)
    others = [mesh.points[np.unique(mesh.facets_of(n))] for n in model.contacts if n != contact]
    if plane is not None and others:
        center, normal = plane
        distances = np.concatenate([(p - center) @ normal for p in others])
        if np.ptp(distances) <= _FLAT * np.ptp(mesh.points, axis=0).max():
            return float(np.abs(distances).mean())
    raise InputError(
        f"contact '{contact}' and the others are not two parallel planes, so that the "
        "thickness between them is not clear; give thickness, e.g. '100 nm'"
    )


def _plane(model: "Model", contact: str) -> tuple[FloatArray, FloatArray] | None:
    """Return the middle [m] and a unit normal of a flat contact; None if it is not flat."""
    mesh = model.mesh
    points = mesh.points[np.unique(mesh.facets_of(contact))]
    center = points.mean(axis=0)
    normal = np.linalg.svd(points - center)[2][-1]
    extent = float(np.ptp(mesh.points, axis=0).max())
    if float(np.abs((points - center) @ normal).max()) > _FLAT * extent:
        return None
    return center, normal


def _read(temperatures: Sequence[float | str] | ArrayLike) -> NDArray[np.float64]:
    given: Any = temperatures
    if isinstance(given, str) or not np.iterable(given):
        raise InputError(f"'{given}' is no list of temperatures; give two or more")
    kelvin = np.unique(np.array([parse(t, "K") for t in given], dtype=float))
    if len(kelvin) < 2 or not kelvin[0] > 0.0:
        raise InputError("a sweep needs two different temperatures or more, all above 0 K")
    return kelvin
