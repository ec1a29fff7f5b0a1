"""Transport numbers: from the conductivities, from dc over ac conductance, by polarisation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyscl.carriers import bulk_conductivity
from pyscl.errors import InputError
from pyscl.postprocess.gauss import stiffness
from pyscl.study.impedance.drive import find_drive
from pyscl.study.static_response import passing_carriers, static_response
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.model import Model
    from pyscl.solution import Solution
    from pyscl.study.newton import SolverOptions
    from pyscl.study.transient import TransientOptions
    from pyscl.trajectory import Trajectory

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

_CHARGED = 10.0  # dielectric relaxation times after which a step of the voltage has settled
_LEAST = 1e-4  # of the initial current: a smaller steady one may be rounding of the levels
_POLARISED = 0.2  # of the initial current: more cannot be extrapolated away


@dataclass(frozen=True)
class Transference:
    """Transport numbers between two contacts at small amplitude; all others are open.

    Attributes:
        contact: where the voltage is applied.
        reference: the other contact.
        bulk_conductance: [S/m or S] of the neutral bulk with all carriers, as an alternating
            voltage sees it, too fast for the composition and too slow for displacement.
        dc_conductance: carrier -> dI/dV [S/m or S] of the steady state with layers and kinetics.
        field_value: carrier -> its share of the bulk current, in one region sigma_k/sum sigma.
        unit: "S/m" (per metre of depth, planar) or "S", of the conductances.
    """

    contact: str
    reference: str
    bulk_conductance: float
    dc_conductance: Mapping[str, float]
    field_value: Mapping[str, float]
    unit: str

    @property
    def dc_over_ac(self) -> dict[str, float]:
        """Steady over alternating conductance per carrier.

        For the carrier that the electrodes exchange, while they block all others, this is its
        transport number if nothing but the bulk resists (Bruce and Vincent 1987).
        """
        return {name: g / self.bulk_conductance for name, g in self.dc_conductance.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers with units in the keys."""
        return {
            f"bulk conductance [{self.unit}]": self.bulk_conductance,
            f"dc conductance [{self.unit}]": dict(self.dc_conductance),
            "dc over ac": self.dc_over_ac,
            "field value": dict(self.field_value),
        }


@dataclass(frozen=True, eq=False)
class Polarisation:
    """A polarisation experiment: the current after a small step of the voltage.

    Attributes:
        voltage: dV of the step [V].
        initial_current: I0 before the composition changes, extrapolated to the step [A/m2].
        steady_current: Iss [A/m2].
        initial_time: time after the step from which on the current was extrapolated [s].
        polarised_share: share of I0 that was already lost at that time. The transport number is
            uncertain by about its square.
        initial_resistance: R0 of the interfaces at that time [Ohm m2].
        steady_resistance: Rss of the interfaces in the end [Ohm m2].
        trajectory: the transient.
    """

    voltage: float
    initial_current: float
    steady_current: float
    initial_time: float
    polarised_share: float
    initial_resistance: float
    steady_resistance: float
    trajectory: "Trajectory"

    @property
    def ratio(self) -> float:
        """Iss/I0 [1], without the resistance of the interfaces."""
        return self.steady_current / self.initial_current

    @property
    def transference_number(self) -> float:
        """Return t = Iss (dV - I0 R0) / (I0 (dV - Iss Rss)) [1].

        J. Evans, C. A. Vincent, P. G. Bruce, Polymer 28 (1987) 2324.
        """
        before = self.voltage - self.initial_current * self.initial_resistance
        after = self.voltage - self.steady_current * self.steady_resistance
        return self.ratio * before / after

    def to_dict(self) -> dict[str, float]:
        """Return plain numbers with units in the keys."""
        return {
            "voltage [V]": self.voltage,
            "initial current [A/m^2]": self.initial_current,
            "steady current [A/m^2]": self.steady_current,
            "initial time [s]": self.initial_time,
            "polarised share at the initial time": self.polarised_share,
            "initial resistance [ohm*m^2]": self.initial_resistance,
            "steady resistance [ohm*m^2]": self.steady_resistance,
            "steady over initial current": self.ratio,
            "transference number": self.transference_number,
        }


def transference(
    model: "Model",
    contact: str,
    reference: str | None = None,
    *,
    options: "SolverOptions | None" = None,
) -> Transference:
    """Compute transport numbers between two contacts, around the equilibrium.

    Args:
        model: the model.
        contact: where the voltage is applied.
        reference: the other contact; default: the only other one with a voltage.
        options: tolerances and iteration limits.

    Further contacts with a voltage are open: equipotentials without current.

    Raises:
        InputError: a contact that does not exist or has no voltage, no conducting path, a carrier
            that cannot move, or contacts that share nodes.
        ConvergenceError: the equilibrium failed; carries the history.
    """
    other = _other_contact(model, contact, reference)
    rest = tuple(name for name in model.discretized.terminals if name not in (contact, other))
    find_drive(model, contact, other, rest)
    bulk, shares = _bulk_conductance(model, contact, other, rest)
    state = model.equilibrium(options=options)
    response = static_response(state, contact, reference=other, open_contacts=rest)
    return Transference(
        contact,
        other,
        bulk,
        response.conductances,
        shares,
        "S/m" if model.coordinates == "planar" else "S",
    )


def polarisation(
    model: "Model",
    contact: str,
    voltage: float | str = 1e-3,
    *,
    reference: str | None = None,
    initial_time: float | str | None = None,
    initial_resistance: float | str = 0.0,
    steady_resistance: float | str = 0.0,
    start: "Solution | None" = None,
    options: "TransientOptions | None" = None,
) -> Polarisation:
    """Step the voltage of a contact, wait for the steady state, and compare the currents.

    Diffusion takes current away from the first moment on, as the square root of the time. The
    initial current is the value at the step of I = I0 + a sqrt(t) + b t through initial_time and 4
    and 9 times as much.

    Args:
        model: a cell whose electrodes exchange one carrier and block the others.
        contact: the working contact.
        voltage: height of the step [V]; small against kT/e for a linear response.
        reference: contact against which the voltage is measured; default: the only other one.
        initial_time: when only diffusion is left to change the current [s]; default: after ten
            dielectric relaxation times. Where electrodes have double layers choose several of
            their charging times.
        initial_resistance: of both interfaces together before the polarisation [Ohm m2], from a
            spectrum; taken out of the voltage.
        steady_resistance: the same in the steady state [Ohm m2].
        start: state to start from; default: the equilibrium.
        options: accuracy of the transient.

    Raises:
        InputError: bad input, no steady current, resistances that take more than the whole
            voltage, an initial time after the end of the experiment, or one at which a fifth of
            the initial current is already lost.
        ConvergenceError: a time step failed.
    """
    from pyscl.protocol import Steady, StepTo, Wait
    from pyscl.study.transient.scales import relaxation_times

    height = parse(voltage, "V")
    resistances = [parse(r, "ohm*m^2") for r in (initial_resistance, steady_resistance)]
    if height == 0.0 or min(resistances) < 0.0:
        raise InputError(
            f"a step of {height:g} V with resistances of {resistances} ohm*m^2; the step must not "
            "be 0, nor a resistance below 0"
        )
    other = _other_contact(model, contact, reference)
    times = relaxation_times(model)
    if not times:
        raise InputError("nothing conducts in the model, so that no current polarises it")
    if not passing_carriers(model, contact):
        raise InputError(
            f"no carrier passes from contact '{contact}' to another one, so that the steady "
            "current is 0 and there is no transport number; let both electrodes exchange one "
            "carrier"
        )
    early = None if initial_time is None else parse(initial_time, "s")
    start = start or model.equilibrium()
    target = _voltage(start, contact, other) + height
    trajectory = model.transient(
        [StepTo(voltage=target), Wait(until=(Steady(),))],
        contact=contact,
        reference=other,
        start=start,
        options=options,
    )
    return _evaluate(trajectory, height, early, _CHARGED * max(times), *resistances)


def _evaluate(
    trajectory: "Trajectory",
    height: float,
    early: float | None,
    charged: float,
    before: float,
    after: float,
) -> Polarisation:
    """Read the currents off a polarisation; errors as `polarisation`."""
    if not trajectory.complete:
        raise InputError(f"the polarisation ended early: {trajectory.reason}")
    begin = trajectory.stops[0].time
    elapsed = trajectory["time"] - begin
    after_step = elapsed > 0.0
    if early is None:  # a cell without diffusion is steady even sooner
        early = min(charged, float(elapsed[-1]))
    if not elapsed[after_step][0] <= early <= elapsed[-1]:
        raise InputError(
            f"the initial current was asked for at {early:.3g} s, but the currents are known from "
            f"{elapsed[after_step][0]:.3g} to {elapsed[-1]:.3g} s after the step; choose another "
            "initial_time"
        )
    current = trajectory["current_density"][after_step]
    steady = float(current[-1])
    at = np.interp(
        np.sqrt(early * np.array([1.0, 4.0, 9.0])), np.sqrt(elapsed[after_step]), current
    )
    initial = float(at @ [3.0, -3.0, 1.0])
    if initial * height <= 0.0:
        raise InputError("no current follows the step of the voltage; the contact may be blocking")
    if abs(steady) < _LEAST * abs(initial):
        raise InputError(
            f"the steady current is {abs(steady / initial):.1g} of the initial one, which is "
            "rounding, so that there is no transport number; the contact may be blocking"
        )
    lost = 1.0 - float(at[0]) / initial
    if abs(lost) > _POLARISED:
        raise InputError(
            f"the current has changed by {100.0 * abs(lost):.0f} % at the initial time, "
            f"{early:.3g} s after the step: charging and diffusion are not apart. Choose another "
            "initial_time, or a thicker cell; `transference` needs neither"
        )
    if min((height - initial * before) / height, (height - steady * after) / height) <= 0.0:
        raise InputError(
            f"the resistances take {initial * before:.3g} and {steady * after:.3g} V of a step of "
            f"{height:.3g} V; nothing is left for the bulk. They count in ohm*m^2"
        )
    return Polarisation(height, initial, steady, early, lost, before, after, trajectory)


def _other_contact(model: "Model", contact: str, reference: str | None) -> str:
    from pyscl.study.transient import check_contacts

    other = check_contacts(model, contact, reference)
    if other is None:
        raise InputError(
            f"'{contact}' is the only contact with a voltage; transport numbers need two"
        )
    return other


def _voltage(state: "Solution", contact: str, reference: str) -> float:
    """Return the voltage between two contacts in a state [V]."""
    d = state.model.discretized
    first, second = (state.unknowns[d.terminal_dof(name)] for name in (contact, reference))
    return float(first - second) * d.scaling.potential


def _bulk_conductance(
    model: "Model", contact: str, reference: str, open_contacts: Sequence[str]
) -> tuple[float, dict[str, float]]:
    """Return the conductance of the neutral bulk [S/m] or [S], and every carrier's share in it.

    Ohm's law div(sum sigma_k grad V) = 0 with one value of sigma_k per region; open contacts are
    equipotentials without current.
    """
    from scipy.sparse.linalg import spsolve

    mesh = model.mesh
    sigma = {
        name: np.array([_conductivity(model, region, name) for region in mesh.region_names])
        for name in model.carriers
    }
    total = np.sum([*sigma.values()], axis=0) if sigma else np.zeros(len(mesh.region_names))
    number = _joined(model, open_contacts)
    triangles = number[mesh.triangles]
    one, zero = (np.unique(number[mesh.facets_of(name)]) for name in (contact, reference))
    known = np.union1d(one, zero)
    potential = np.zeros(mesh.n_points)
    potential[one] = 1.0
    between = _connected(model, total, triangles, one, zero)
    matrix = stiffness(model, total, triangles, mesh.n_points)
    free = np.setdiff1d(np.flatnonzero(between), known)
    if len(free):
        right = -matrix[free][:, known] @ potential[known]
        potential[free] = spsolve(matrix[free][:, free].tocsc(), right)
    power = {
        name: float(potential @ (stiffness(model, s, triangles, mesh.n_points) @ potential))
        for name, s in sigma.items()
    }
    conductance = sum(power.values())
    return conductance, {name: value / conductance for name, value in power.items()}


def _conductivity(model: "Model", region: str, carrier: str) -> float:
    found = [c for c in model.materials[region].carriers if c.name == carrier]
    return bulk_conductivity(found[0], model.temperature) if found else 0.0


def _joined(model: "Model", contacts: Sequence[str]) -> IntArray:
    """Return a number for every node (n_points,), one for all nodes of a contact.

    Contacts that share nodes are one.
    """
    number = np.arange(model.mesh.n_points, dtype=np.int32)
    for name in contacts:
        mine = np.unique(number[model.mesh.facets_of(name)])
        number[np.isin(number, mine)] = mine[0]
    return number


def _connected(
    model: "Model",
    conductivity: FloatArray,
    triangles: IntArray,
    one: NDArray[Any],
    zero: NDArray[Any],
) -> NDArray[np.bool_]:
    """Return the nodes (n_points,) that conduct to either contact.

    Raises:
        InputError: no conducting path joins the contacts.
    """
    from scipy.sparse.csgraph import connected_components

    conducting = (conductivity > 0.0).astype(float)
    graph = stiffness(model, conducting, triangles, model.mesh.n_points)
    graph.eliminate_zeros()
    _, part = connected_components(graph, directed=False)
    if not set(part[one]) & set(part[zero]):
        raise InputError(
            "no conducting path joins the two contacts, so that there is no bulk conductance; give "
            "the regions between them carriers with a conductivity"
        )
    return np.isin(part, np.unique(part[np.union1d(one, zero)]))
