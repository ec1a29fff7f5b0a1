"""The fields of a small-signal response."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError, unknown_name
from pyscl.postprocess.local_impedance import LocalImpedance
from pyscl.study.impedance.drive import Drive
from pyscl.study.impedance.linearized import LinearizedModel

if TYPE_CHECKING:
    from pyscl.solution import Solution
    from pyscl.spectrum import Spectrum

ComplexArray = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Response:
    """How a state follows 1 V e^(i w t) at the driven contact, on the sites of its solution.

    Attributes:
        solution: the state.
        frequency: [Hz].
        potential: change of the electric potential (n_sites,) [V/V].
        impedance_density: what every site adds to the impedance, per area [Ohm/m] (planar) or
            volume [Ohm/m3] (axisymmetric), (n_sites,): its integral over the sites is Z. The real
            part is the density of dissipated power over the square of the current.
    """

    solution: "Solution"
    frequency: float
    potential: ComplexArray
    impedance_density: ComplexArray
    _unknowns: ComplexArray

    def electrochemical_potential(self, carrier: str) -> ComplexArray:
        """Return the change of mu [eV/V] on the sites (n_sites,); NaN where a carrier is absent.

        Raises:
            InputError: there is no such carrier.
        """
        model = self.solution.model
        if carrier not in model.carriers:
            raise unknown_name("carrier", carrier, model.carriers)
        dofs = model.discretized.site_dofs[:, model.carriers.index(carrier)]
        return np.where(dofs >= 0, self._unknowns[dofs], np.nan)


def response(spectrum: "Spectrum", frequency: float) -> Response:
    """Return the response of the state of a spectrum at a frequency; see `Spectrum.response`.

    Raises:
        InputError: the frequency is not positive, or the reference of the spectrum is open.
    """
    if not frequency > 0.0:
        raise InputError(f"a frequency must be positive, not {frequency:g} Hz")
    if spectrum.reference in spectrum.open_contacts:
        raise InputError(
            f"reference '{spectrum.reference}' carries no current, so that densities do not add up "
            "to this impedance; compute the spectrum against a held contact"
        )
    linearized = LinearizedModel(spectrum.solution)
    drive = Drive(spectrum.contact, spectrum.reference, spectrum.open_contacts)
    driven = linearized.drive(*linearized.solve(2j * np.pi * frequency, drive), drive)
    d = spectrum.solution.model.discretized
    n = len(d.site_node)
    ohm = d.scaling.potential / d.scaling.current
    local = LocalImpedance(linearized).per_site(driven, frequency)[:n] * ohm
    return Response(
        solution=spectrum.solution,
        frequency=frequency,
        potential=driven.unknowns[d.site_phi],
        impedance_density=local / spectrum.solution.site_volume,
        _unknowns=driven.unknowns,
    )
