"""Effective conductivity of a composite: tensor of a periodic cell, or from pairs of contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl.boundaries import BlockingContact, Periodic
from pyscl.errors import InputError, unknown_name
from pyscl.postprocess.conductivity import passage, tortuosity
from pyscl.postprocess.quantities import RUN, Quantity
from pyscl.postprocess.resistance import effective_resistance
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution
    from pyscl.study.newton import SolverOptions

FloatArray = NDArray[np.float64]
Pair = tuple[str, str]

VOLTAGE = 1e-4
"""Voltage over the cell [V]: small beside kT/e = 26 mV, large beside rounding."""


@dataclass(frozen=True, eq=False)
class EffectiveConductivity:
    """Mean current density over mean field, of all carriers together.

    Attributes:
        model: the composite.
        tensor: sigma_ij [S/m], (2, 2): mean current density along i for a mean field along j. NaN
            where it was not measured: a pair of contacts gives one number on the diagonal.
        states: the steady states, one per direction.
        periodic: whether it is the tensor of a periodic cell.
    """

    model: "Model"
    tensor: FloatArray
    states: "tuple[Solution, ...]"
    periodic: bool

    @property
    def principal(self) -> tuple[FloatArray, FloatArray]:
        """Principal conductivities [S/m], (2,), rising, and their directions as columns (2, 2).

        Raises:
            InputError: a part of the tensor was not measured.
        """
        if np.isnan(self.tensor).any():
            raise InputError(
                "the tensor is not complete: pairs of contacts leave out what flows across; "
                "principal axes need a periodic cell"
            )
        values, axes = np.linalg.eigh(0.5 * (self.tensor + self.tensor.T))
        return values, axes

    def tortuosity(self, region: str) -> FloatArray:
        """Return share * sigma_bulk / sigma_ii of a conducting region along x and y [1], (2,).

        The tortuosity factor: 1 for straight columns of the region, tau^2 where tau is the length
        of the ways over the straight one. NaN along a direction that was not measured.

        Raises:
            InputError: no such region, or one that does not conduct.
        """
        return np.array([tortuosity(self.model, region, s) for s in np.diag(self.tensor)])

    def quantities(self) -> list[Quantity]:
        """Return the measured parts of the tensor as a table, as `Solution.quantities`."""
        how = "mean current density over mean field, all carriers"
        return [
            Quantity(
                RUN, "", f"effective conductivity {'xy'[i]}{'xy'[j]}", float(value), "S/m", how
            )
            for (i, j), value in np.ndenumerate(self.tensor)
            if not np.isnan(value)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data with units in the keys; None where nothing was measured."""
        rows = [[None if np.isnan(v) else float(v) for v in row] for row in self.tensor]
        return {"effective conductivity [S/m]": rows, "periodic": self.periodic}


def effective_conductivity(
    model: "Model",
    pairs: Sequence[Pair] | None = None,
    *,
    voltage: float | str = VOLTAGE,
    options: "SolverOptions | None" = None,
) -> EffectiveConductivity:
    """Return the effective conductivity of a composite in its equilibrium, with its layers.

    A model with periodic sides is a cell: the potential and z times it of every electrochemical
    potential jump by the voltage over it, along x and then along y, and the tensor is complete.
    Carriers of a cell are conserved. Otherwise a small voltage stands over each pair of opposite
    contacts while the others are closed, which gives sigma_xx and sigma_yy between walls.

    Args:
        model: a composite in planar coordinates. Its periodic sides (two pairs) or the contacts
            lie on the rectangle around the mesh, each over the whole of an edge.
        pairs: pairs of opposite contacts, such as [("left", "right"), ("bottom", "top")]; None:
            the periodic sides of the model, or its two contacts that exchange carriers.
        voltage: over the cell [V, or text with a unit].
        options: tolerances and iteration limits.

    Raises:
        InputError: a voltage of 0, sides that are not opposite, neither periodic sides nor
            contacts, or two pairs along one direction.
        ConvergenceError: a state failed.
    """
    volts = parse(voltage, "V")
    if not (np.isfinite(volts) and volts != 0.0):
        raise InputError(f"a voltage of {volts} V drives no current; give a small one above 0")
    if pairs is None and model.periodic:
        return _of_cell(model, volts, options)
    if pairs is None:
        pairs = [_exchanging(model)]
    ways = [passage(model, *_known(model, pair)) for pair in pairs]
    if len({way.axis for way in ways}) != len(ways):
        raise InputError("two pairs of contacts lie along the same direction; give one of them")
    tensor, states = np.full((2, 2), np.nan), []
    for way in ways:
        alone = {
            name: law
            for name, law in model.contacts.items()
            if name in way.sides or isinstance(law, BlockingContact)
        }
        state = model.with_(contacts=alone).steady({way.sides[0]: volts}, options=options)
        resistance = effective_resistance(state)
        if resistance is None:
            raise InputError(f"no current flows from '{way.sides[0]}' to '{way.sides[1]}'")
        tensor[way.axis, way.axis] = way.length / (way.width * resistance)
        states.append(state)
    return EffectiveConductivity(model, tensor, tuple(states), periodic=False)


def _of_cell(
    model: "Model", volts: float, options: "SolverOptions | None"
) -> EffectiveConductivity:
    """Return the tensor of a periodic cell."""
    ways = {passage(model, *pair.sides).axis: pair for pair in model.periodic}
    if set(ways) != {0, 1}:
        raise InputError(
            "a periodic cell needs two pairs of periodic sides, left and right, bottom and top; "
            "with one pair give contacts on the two other sides as `pairs`"
        )
    if any(not isinstance(law, BlockingContact) for law in model.contacts.values()):
        raise InputError("a periodic cell has no contacts that exchange carriers or hold a voltage")
    tensor, states = np.empty((2, 2)), []
    for axis in (0, 1):
        sides = [
            Periodic(sides=pair.sides, potential_jump=volts if along == axis else 0.0)
            for along, pair in ways.items()
        ]
        state = model.with_(periodic=sides).steady(options=options)
        way = passage(model, *ways[axis].sides)
        low = model.mesh.points[:, axis].min()
        first = model.mesh.points[model.mesh.facets_of(ways[axis].sides[0])][..., axis].mean()
        rising = 1.0 if first - low < 0.5 * way.length else -1.0
        tensor[:, axis] = _mean_current(state) / (-rising * volts / way.length)
        states.append(state)
    return EffectiveConductivity(model, tensor, tuple(states), periodic=True)


def _mean_current(state: "Solution") -> FloatArray:
    """Return the mean current density of all carriers over the rectangle [A/m2], (2,)."""
    mesh = state.model.mesh
    density = np.zeros((mesh.n_triangles, 2))
    for carrier in state.model.carriers:
        density += np.nan_to_num(state[f"current_density_{carrier}"].values)
    return np.asarray(mesh.areas @ density / np.prod(np.ptp(mesh.points, axis=0)))


def _exchanging(model: "Model") -> Pair:
    """Return the two contacts that exchange carriers."""
    found = [name for name, law in model.contacts.items() if not isinstance(law, BlockingContact)]
    if len(found) != 2:
        raise InputError(
            f"the model has {len(found)} contacts that exchange carriers and no periodic sides; "
            "give pairs=[(first, second), ...] of opposite contacts"
        )
    return found[0], found[1]


def _known(model: "Model", pair: Pair) -> Pair:
    """Check that both names are contacts that exchange something."""
    for name in pair:
        if name not in model.contacts:
            raise unknown_name("contact", name, model.contacts, "for the effective conductivity")
        if isinstance(model.contacts[name], BlockingContact):
            raise InputError(f"contact '{name}' is blocking, no current can flow through it")
    return pair[0], pair[1]
