"""`Spectrum`: the impedance between two contacts, and where in the model it arises."""

import csv
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.solution import Solution
    from pyscl.study.impedance.response import Response
    from pyscl.study.impedance.step_response import TimeDomainCheck

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
_ROUNDING = 1e-9  # of an impedance
ContributionKind = Literal["bulk", "layer", "transfer", "diffusion"]


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one part of the model adds to an impedance.

    Attributes:
        kind: "bulk": what the same current would need in the uniform bulk of a region; "layer":
            the excess over it of all that lies nearest to an interface or contact; "transfer":
            kinetics, compact layers and coatings at an interface or contact; "diffusion": what
            several carriers of a region need to flow past each other, and what they store far
            from the layers.
        place: region, interface "a|b" or contact.
        values: impedance at every frequency (n,), in the unit of the spectrum.
    """

    kind: ContributionKind
    place: str
    values: ComplexArray

    @property
    def name(self) -> str:
        """Kind and place, e.g. "layer a|b"."""
        return f"{self.kind} {self.place}"


@dataclass(frozen=True)
class PartImpedance:
    """Resistance and capacitance of a part of the model, from the fields of a spectrum.

    Attributes:
        name: name of the contribution, or of the interface or contact.
        resistance: real part at the lowest frequency, per area of the driven contact [Ohm m2];
            negative where a layer conducts better than the bulk.
        capacitance: Im(1/Z)/w where -Im Z is largest [F/m2]: that of the parallel element of an
            arc, or of a layer that blocks; None if the part stores less charge than the bulk would.
        frequency: where -Im Z is largest [Hz].
        largest_share: largest |Z| of the part over that of the whole, over all frequencies.
    """

    name: str
    resistance: float
    capacitance: float | None
    frequency: float
    largest_share: float


@dataclass(frozen=True)
class ResistanceSplit:
    """Real parts of the contributions at the lowest frequency, R_p = R_el + R_scl + R_ct + R_dif.

    Attributes:
        bulk: R_el, of the uniform bulks.
        layers: R_scl, the excess of space charge layers (and of constrictions at their edges).
        transfer: R_ct, of kinetics, contact resistances and coatings.
        diffusion: R_dif, of diffusion in regions with several carriers.
        unit: "Ohm m" or "Ohm".
    """

    bulk: float
    layers: float
    transfer: float
    diffusion: float
    unit: str

    @property
    def total(self) -> float:
        """Their sum, the real part of Z."""
        return self.bulk + self.layers + self.transfer + self.diffusion


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The impedance Z = V/I of a model between two contacts at small amplitude, e^(+i w t).

    I is the total current into the model through `contact`, V its voltage against `reference`. In
    planar coordinates I counts per metre of depth, so that Z is in Ohm m; `area_specific` is free
    of that.

    Attributes:
        solution: the state around which the model responds.
        contact: where the voltage is applied.
        reference: the contact it is measured against; None: all others.
        open_contacts: contacts that carry no alternating current; the rest are held.
        frequencies: (n,) [Hz], ascending.
        impedance: (n,) complex, in `unit`.
        unit: "Ohm m" (planar) or "Ohm" (axisymmetric).
        area: length [m] (planar) or area [m2] (axisymmetric) of the contact.
        contributions: parts of the impedance, which sum up to it.
    """

    solution: "Solution"
    contact: str
    reference: str | None
    open_contacts: tuple[str, ...]
    frequencies: FloatArray
    impedance: ComplexArray
    unit: str
    area: float
    contributions: tuple[Contribution, ...] = field(default=())

    def __repr__(self) -> str:
        low, high = self.frequencies[0], self.frequencies[-1]
        return (
            f"Spectrum({self.contact} against {self.reference or 'all others'}, "
            f"{len(self.frequencies)} frequencies from {low:.4g} to {high:.4g} Hz)"
        )

    @property
    def angular_frequencies(self) -> FloatArray:
        """2 pi f (n,) [rad/s]."""
        return 2.0 * np.pi * self.frequencies

    @property
    def area_specific(self) -> ComplexArray:
        """Impedance times area of the contact (n,) [Ohm m2]."""
        return self.impedance * self.area

    @property
    def admittance(self) -> ComplexArray:
        """1/Z (n,) [S/m] (planar) or [S] (axisymmetric)."""
        return 1.0 / self.impedance

    @property
    def capacitance(self) -> FloatArray:
        """Im(1/Z)/w (n,) [F/m] (planar) or [F] (axisymmetric)."""
        return np.asarray(self.admittance.imag / self.angular_frequencies)

    def contribution(self, kind: ContributionKind, place: str) -> Contribution:
        """Return the part of a kind and place.

        Raises:
            InputError: there is none; the message lists all.
        """
        found = self._by_name.get(f"{kind} {place}")
        if found is None:
            raise InputError(
                f"the spectrum has no contribution '{kind} {place}'; there are "
                f"{', '.join(self._by_name) or 'none'}"
            )
        return found

    @property
    def resistances(self) -> ResistanceSplit:
        """What bulk, layers, transfer and diffusion add to the resistance."""

        def lowest(kind: ContributionKind) -> float:
            return sum(float(c.values[0].real) for c in self.contributions if c.kind == kind)

        return ResistanceSplit(
            bulk=lowest("bulk"),
            layers=lowest("layer"),
            transfer=lowest("transfer"),
            diffusion=lowest("diffusion"),
            unit=self.unit,
        )

    @property
    def parts(self) -> tuple[PartImpedance, ...]:
        """Resistance and capacitance of every contribution."""
        return tuple(self._part(c.name, c.values) for c in self.contributions)

    @property
    def places(self) -> tuple[PartImpedance, ...]:
        """Resistance and capacitance of every interface and contact, layer and transfer as one."""
        at_places = [c for c in self.contributions if c.kind in ("layer", "transfer")]
        total: dict[str, ComplexArray] = {}
        for c in at_places:
            total[c.place] = total.get(c.place, 0.0) + c.values
        return tuple(self._part(place, values) for place, values in total.items())

    def _part(self, name: str, values: ComplexArray) -> PartImpedance:
        share = float((np.abs(values) / np.abs(self.impedance)).max())
        top = int(np.argmax(-values.imag))
        z = values[top] * self.area
        stores = share > _ROUNDING and z.imag < -_ROUNDING * abs(z)
        capacitance = float((1.0 / z).imag / self.angular_frequencies[top]) if stores else None
        resistance = float(values[0].real * self.area)
        return PartImpedance(name, resistance, capacitance, float(self.frequencies[top]), share)

    def response(self, frequency: float | str) -> "Response":
        """Return the fields of the response at a frequency [Hz, or a text with a unit]."""
        from pyscl.study.impedance.response import response

        return response(self, parse(frequency, "Hz"))

    def check_in_time(self, count: int = 5, **step: float) -> "TimeDomainCheck":
        """Compare with the transform of small voltage steps in time, at a few of the frequencies.

        The check shares neither the complex equations nor the derivatives in time with the
        spectrum; it costs two transients.

        Args:
            count: how many of the frequencies.
            **step: `amplitude` [kT/e] and `tolerance` of `step_impedance`.

        Raises:
            InputError: contacts of the spectrum are open.
            ConvergenceError: a time step failed.
        """
        from pyscl.study.impedance.step_response import check_in_time

        return check_in_time(self, count, **step)

    def write_csv(self, path: str | PathLike[str]) -> None:
        """Write frequency, impedance and contributions as a table, one line per frequency."""
        parts = [("Z", self.impedance), *((c.name, c.values) for c in self.contributions)]
        head = ["frequency [Hz]"]
        for name, _ in parts:
            head += [f"Re {name} [{self.unit}]", f"Im {name} [{self.unit}]"]
        with open(path, "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(head)
            for k, frequency in enumerate(self.frequencies):
                values = [part for _, z in parts for part in (z[k].real, z[k].imag)]
                table.writerow([f"{value:.12g}" for value in (frequency, *values)])

    @cached_property
    def _by_name(self) -> dict[str, Contribution]:
        return {c.name: c for c in self.contributions}
