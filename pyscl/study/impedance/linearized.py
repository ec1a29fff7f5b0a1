"""A state and its response to small alternating voltages of the contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl import _core
from pyscl.errors import InputError
from pyscl.linear.choice import BUILT_IN, choose
from pyscl.study.impedance.carrier_sites import carrier_sites
from pyscl.study.impedance.drive import Drive
from pyscl.study.newton import unknown_name_of

if TYPE_CHECKING:
    from pyscl.linear.back_end import BackEnd
    from pyscl.linear.choice import LinearSolverName
    from pyscl.solution import Solution

ComplexArray = NDArray[np.complex128]
FloatArray = NDArray[np.float64]

_SINGULAR = "the small-signal equations are singular or not finite"  # what the core says
_DRIFT = 0.01  # largest change of the state during a period that counts as rest [kT]


class LinearizedModel:
    """The equations of a model in time, linearised around a state; see small_signal.hpp.

    Attributes:
        solution: the state.
        contacts: names of the contacts with a voltage.
        linear_solver: which factorises.
    """

    def __init__(
        self, solution: "Solution", linear_solver: "LinearSolverName | BackEnd" = BUILT_IN
    ) -> None:
        """Linearise around a state.

        Args:
            solution: the state.
            linear_solver: see `SpectrumOptions`.

        Raises:
            InputError: the state did not converge, or the linear solver is not there.
        """
        if not solution.history.converged:
            raise InputError(
                f"the {solution.kind} state did not converge, so there is nothing to linearise "
                "around; solve it first (smaller steps of the bias, finer mesh)"
            )
        d = solution.model.discretized
        self.solution = solution
        self.contacts = tuple(d.terminals)
        assembly = solution.model.conditions.small_signal()
        self.linear_solver = choose(linear_solver, np.complex128, threads=1)
        self.core = _core.SmallSignal(
            assembly, solution.unknowns, d.node_rank, self.linear_solver.back_end
        )
        self._group = dict(zip(self.contacts, self.core.group.tolist(), strict=True))
        self._n_groups = 1 + max(self._group.values())

    def check_at_rest(self, lowest_frequency: float) -> None:
        """Refuse a state that changes during a period of the lowest frequency [Hz].

        Raises:
            InputError: says where the state drifts, and how far.
        """
        if self.solution.kind != "transient":
            return
        model, d = self.solution.model, self.solution.model.discretized
        change = np.abs(self.core.change_within(1.0 / lowest_frequency / d.scaling.time))
        worst = int(np.argmax(change))
        if change[worst] > _DRIFT:
            name = unknown_name_of(model, worst)
            x, y = model.mesh.points[d.dof_node[worst]] * 1e9
            raise InputError(
                f"the state is not steady: '{name}' at ({x:.4g}, {y:.4g}) nm moves by about "
                f"{change[worst]:.2g} kT within a period of the lowest frequency "
                f"({lowest_frequency:.4g} Hz); rest for longer before, or leave out the lowest "
                "frequencies"
            )

    @property
    def solved_by(self) -> dict[str, int]:
        """Number of factorisations by the solver whose factors served in the end."""
        return {
            self.linear_solver.served(_core.SolvedBy(k)): n
            for k, n in enumerate(self.core.count)
            if n
        }

    def solve(self, rate: complex, drive: Drive | None = None) -> tuple[ComplexArray, ComplexArray]:
        """Return the response to voltages that go like e^(rate t), in scaled units.

        Args:
            rate: i w, or a small positive number for the quasi-static response [1/s].
            drive: only for contacts whose voltage it changes, the others have 0; None: for all.

        Returns:
            Unknowns (n_groups, n_dofs) for a unit voltage of each group of contacts, and the
            admittance matrix of the groups (n_groups, n_groups), [current of one, voltage of
            the other].

        Raises:
            InputError: the equations are singular.
        """
        d = self.solution.model.discretized
        groups = self._groups_of((drive.contact, *drive.open_contacts) if drive else self.contacts)
        unknowns = np.zeros((self._n_groups, d.n_dofs), dtype=complex)
        admittance = np.zeros((self._n_groups, self._n_groups), dtype=complex)
        try:
            unknowns[groups], admittance[groups] = self.core.solve(rate * d.scaling.time, groups)
        except RuntimeError as error:
            if str(error) != _SINGULAR:  # what a back end raises
                raise
            raise InputError(
                f"{error} at {abs(rate) / (2.0 * np.pi):.4g} Hz; leave this frequency out, or "
                "check for parts without any carrier that can move"
            ) from error
        return unknowns, admittance.T

    def admittance(self, frequency: float) -> ComplexArray:
        """Return the admittance matrix of all contacts [S/m] or [S], (n_contacts, n_contacts).

        Entry (a, b) is the current into contact a per voltage of contact b, all others held, in
        the order of `contacts`. It is symmetric around an equilibrium.
        """
        _, grouped = self.solve(2j * np.pi * frequency)
        scaling = self.solution.model.discretized.scaling
        of = [self._group[name] for name in self.contacts]
        return np.asarray(grouped[np.ix_(of, of)] * (scaling.current / scaling.potential))

    def drive(self, unknowns: ComplexArray, admittance: ComplexArray, drive: Drive) -> "Driven":
        """Return the response to a unit voltage at one contact, in scaled units."""
        voltages = np.zeros(self._n_groups, dtype=complex)
        driven = self._group[drive.contact]
        voltages[driven] = 1.0
        free = self._groups_of(drive.open_contacts)
        if free:
            voltages[free] = -np.linalg.solve(
                admittance[np.ix_(free, free)], admittance[free, driven]
            )
        current = complex(admittance[driven] @ voltages)
        zero = voltages[self._group[drive.reference]] if drive.reference else 0.0
        return Driven(voltages @ unknowns, current, 1.0 - complex(zero))

    def rows(self, change: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the rows of Gauss's law and of the outflow of carriers for a change of all dofs.

        Args:
            change: (n_dofs,), real, in scaled units.

        Returns:
            Two arrays (n_dofs,): zero but for dofs of phi, and of mu.
        """
        solution, core = self.solution, self.core
        charge = solution.model.conditions.at_rest.displacement_change(solution.unknowns, change)
        stores = carrier_sites(solution.model)
        stored = core.capacities * (change[stores.mu] - stores.charge * change[stores.phi])
        np.subtract.at(charge, stores.phi, stores.charge * stored)
        flow = np.zeros_like(change)
        dofs = core.flux_dofs
        flux = (core.flux_gradients * change[dofs]).sum(axis=1)
        np.add.at(flow, dofs[:, 1], flux)
        np.subtract.at(flow, dofs[:, 3], flux)
        return charge, flow

    def _groups_of(self, contacts: Sequence[str]) -> list[int]:
        return sorted({self._group[name] for name in contacts})


@dataclass(frozen=True, eq=False)
class Driven:
    """The response to a unit voltage of one contact, in scaled units.

    Attributes:
        unknowns: change of every dof (n_dofs,) [scaled].
        current: into the model through the contact [scaled].
        voltage: of the contact against the reference [scaled].
    """

    unknowns: ComplexArray
    current: complex
    voltage: complex
