"""How charges and currents of a state follow a slow change of a contact's voltage."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.postprocess.contacts import contact_dofs
from pyscl.study.impedance.drive import find_drive
from pyscl.study.impedance.linearized import LinearizedModel

if TYPE_CHECKING:
    from pyscl.solution import Solution

FloatArray = NDArray[np.float64]

_RATE = 2.0 * np.pi * 1e-6  # 1/s; processes that take longer than about a day count as frozen


@dataclass(frozen=True)
class StaticResponse:
    """Derivatives of charges and currents with respect to the voltage of a contact.

    Exact linearisation for a voltage that rises like e^(t/tau) with tau = 1.6e5 s: all that is
    faster follows, what is slower stays as it is.

    Attributes:
        contact: the contact whose voltage changes; all others are held.
        charges: contact -> d(charge on it)/dV [F/m] (planar) or [F] (axisymmetric).
        capacitance: charge that flows into the model through the contact per voltage, with what
            carriers store, if no direct current can pass [F/m] or [F]; meaningless otherwise.
        conductances: carrier -> d(current into the model through the contact)/dV [S/m] or [S].
        conductance: their sum.
    """

    contact: str
    charges: dict[str, float]
    capacitance: float
    conductances: dict[str, float]

    @property
    def conductance(self) -> float:
        """Differential direct-current conductance of the contact [S/m] or [S]."""
        return sum(self.conductances.values())


def static_response(solution: "Solution", contact: str) -> StaticResponse:
    """Return how a state follows a slow change of the voltage of a contact.

    Raises:
        InputError: a contact that has no voltage, or a state that did not converge.
    """
    drive = find_drive(solution.model, contact)
    linearized = LinearizedModel(solution)
    linearized.check_at_rest(_RATE)
    driven = linearized.drive(*linearized.solve(_RATE), drive)
    model, scaling = solution.model, solution.model.discretized.scaling
    charge, flow = linearized.rows(np.ascontiguousarray(driven.unknowns.real))
    dofs = {name: contact_dofs(model, name) for name in linearized.contacts}
    farad, siemens = scaling.charge / scaling.potential, scaling.current / scaling.potential
    return StaticResponse(
        contact=contact,
        charges={name: its.charge(charge) * farad for name, its in dofs.items()},
        capacitance=driven.current.real / (_RATE * scaling.time) * farad,
        conductances={
            carrier: float(
                dofs[contact].outflow(flow, number) * solution.charge_number[number] * siemens
            )
            for number, carrier in enumerate(model.carriers)
        },
    )
