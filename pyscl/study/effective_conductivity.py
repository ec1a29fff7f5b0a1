"""Effective conductivity of a composite: tensor of a periodic cell, or from pairs of contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl.boundaries import (
    BlockingContact,
    ContactLaw,
    Periodic,
    PotentialContact,
    ReservoirContact,
)
from pyscl.errors import InputError, unknown_name
from pyscl.postprocess.conductivity import (
    Passage,
    cell_conductivity,
    common_carrier,
    exchanging_contacts,
    joins,
    passage,
    tortuosity,
    transfer_at,
)
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
_LARGEST = 0.2  # kT/e; a larger voltage changes the layers that it should measure


@dataclass(frozen=True, eq=False)
class EffectiveConductivity:
    """Mean current density over mean field.

    In a periodic cell all carriers conduct. Between contacts only the carrier that they exchange
    does in a steady state: the others are at rest, and a salt or mixed conductor has the
    conductivity of this one carrier.

    Attributes:
        model: the composite.
        tensor: sigma_ij [S/m], (2, 2): mean current density along i for a mean field along j. NaN
            where it was not measured: a pair of contacts gives one number on the diagonal.
        states: the steady states, one per direction.
        periodic: whether it is the tensor of a periodic cell.
        ways: the ways between contacts that were measured, none of a periodic cell.
    """

    model: "Model"
    tensor: FloatArray
    states: "tuple[Solution, ...]"
    periodic: bool
    ways: tuple[Passage, ...] = ()

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
        of the ways over the straight one. sigma_bulk is that of the carriers that conduct in
        sigma_ii. NaN along a direction that was not measured, or in which the region does not join
        the contacts, so that other regions conduct as well.

        Raises:
            InputError: no such region, or one that does not conduct.
        """
        if self.periodic:
            return np.array([tortuosity(self.model, region, s) for s in np.diag(self.tensor)])
        factors = np.full(2, np.nan)
        for way in self.ways:
            carrier = common_carrier(self.model, way.sides)
            assert carrier is not None
            factor = tortuosity(self.model, region, self.tensor[way.axis, way.axis], [carrier])
            if joins(self.model, region, carrier, way.sides):
                factors[way.axis] = factor
        return factors

    def quantities(self) -> list[Quantity]:
        """Return the measured parts of the tensor as a table, as `Solution.quantities`."""
        how = "mean current density over mean field, "
        carriers = {common_carrier(self.model, way.sides) for way in self.ways}
        how += "all carriers" if self.periodic else f"of {', '.join(sorted(map(str, carriers)))}"
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
    contacts, which gives sigma_xx and sigma_yy between walls. The other contacts exchange nothing
    meanwhile: those with a potential given as a number keep it and the charge it needs, the others
    are closed. Layers at the contacts count; kinetics there would too, and are refused.

    Between contacts it is the conductivity of the carrier that they exchange, with all others at
    rest (of a salt in a polymer, of lithium with blocked anions). Where the contacts differ and
    drive a current without voltage, it is that of the driven state, from what the voltage adds.

    Args:
        model: a composite in planar coordinates. Its periodic sides (two pairs) or the contacts
            lie on the rectangle around the mesh, each over the whole of an edge.
        pairs: pairs of opposite contacts, such as [("left", "right"), ("bottom", "top")]; None:
            the periodic sides of the model, or its two contacts that exchange carriers.
        voltage: over the cell [V, or text with a unit], at most 0.2 kT/e: larger ones change the
            layers.
        options: tolerances and iteration limits.

    Raises:
        InputError: a voltage of 0 or a large one, sides that are not opposite, neither periodic
            sides nor contacts, contacts that exchange different carriers or have kinetics, no pair,
            or two along one direction.
        ConvergenceError: a state failed.
    """
    volts = parse(voltage, "V")
    largest = _LARGEST * model.discretized.scaling.potential
    if not 0.0 < abs(volts) <= largest:
        raise InputError(
            f"a voltage of {volts} V drives no current or changes the layers that it should "
            f"measure; give one up to {largest:.2g} V, such as {VOLTAGE} V"
        )
    if pairs is None and model.periodic:
        return _of_cell(model, volts, options)
    if pairs is None:
        pairs = [_exchanging(model)]
    if isinstance(pairs, str) or not len(pairs):
        raise InputError(
            f"pairs = {pairs!r} holds no pair of contacts; give [(first, second), ...], or None "
            "for the periodic sides or the two contacts of the model"
        )
    ways = [passage(model, *_known(model, pair)) for pair in pairs]
    if len({way.axis for way in ways}) != len(ways):
        raise InputError("two pairs of contacts lie along the same direction; give one of them")
    tensor, states = np.full((2, 2), np.nan), []
    for way in ways:
        contacts = {name: _meanwhile(law, name, way) for name, law in model.contacts.items()}
        alone = model.with_(contacts={name: law for name, law in contacts.items() if law})
        state = alone.steady({way.sides[0]: volts}, options=options)
        resistance = effective_resistance(state)
        if resistance is None:
            raise InputError(f"no current flows from '{way.sides[0]}' to '{way.sides[1]}'")
        tensor[way.axis, way.axis] = way.length / (way.width * resistance)
        states.append(state)
    return EffectiveConductivity(model, tensor, tuple(states), periodic=False, ways=tuple(ways))


def _meanwhile(law: ContactLaw, name: str, way: Passage) -> ContactLaw | None:
    """Return what a contact is while a voltage stands over a way: an electrode, or nothing."""
    if name in way.sides or not isinstance(law, ReservoirContact):
        return law
    if law.potential is None or law.potential == "neutral":
        return None
    return PotentialContact(potential=law.potential, compact_capacitance=law.compact_capacitance)


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
        found = cell_conductivity(state)
        assert found is not None
        tensor[:, axis] = found.column
        states.append(state)
    return EffectiveConductivity(model, tensor, tuple(states), periodic=True)


def _exchanging(model: "Model") -> Pair:
    """Return the two contacts that exchange carriers."""
    found = exchanging_contacts(model)
    if len(found) != 2:
        raise InputError(
            f"the model has {len(found)} contacts that exchange carriers and no periodic sides; "
            "give pairs=[(first, second), ...] of opposite contacts"
        )
    return found[0], found[1]


def _known(model: "Model", pair: Pair) -> Pair:
    """Check that a pair is two contacts between which a carrier can flow unhindered."""
    if isinstance(pair, str) or len(pair) != 2:
        raise InputError(f"{pair!r} is no pair of contacts; give two names, (first, second)")
    for name in pair:
        if name not in model.contacts:
            raise unknown_name("contact", name, model.contacts, "for the effective conductivity")
        if not isinstance(model.contacts[name], ReservoirContact):
            raise InputError(f"contact '{name}' is blocking, no current can flow through it")
    sides = pair[0], pair[1]
    if common_carrier(model, sides) is None:
        raise InputError(
            f"contacts '{pair[0]}' and '{pair[1]}' exchange different carriers, so that no steady "
            "current flows between them"
        )
    if reason := transfer_at(model, sides):
        raise InputError(reason)
    return sides
