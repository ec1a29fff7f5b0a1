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

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
_NEGLIGIBLE = 1e-4
_AT_PLACES = ("layer", "transfer")
ContributionKind = Literal["bulk", "layer", "transfer", "diffusion"]


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one part of the model adds to an impedance.

    Attributes:
        kind: "bulk": what the same current would need in the uniform bulk of a region; "layer":
            the excess over it of all that lies nearest to an interface or contact; "transfer":
            kinetics, compact layers and coatings at an interface or contact; "diffusion": the
            excess over the bulk far from the layers, in regions with several carriers.
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
class PlaceImpedance:
    """Resistance and capacitance of an interface or contact, from the fields of a spectrum.

    Attributes:
        place: interface "a|b" or contact.
        resistance: real part of its layer and transfer at the lowest frequency, per area of the
            driven contact [Ohm m2]; negative where a layer conducts better than the bulk.
        capacitance: Im(1/Z)/w of layer and transfer where -Im Z is largest [F/m2], which is that
            of the parallel element of an arc, or of a layer that blocks; None if -Im Z is nowhere
            above 1e-4 of the largest |Z| of the spectrum.
        frequency: where -Im Z is largest [Hz], or None.
    """

    place: str
    resistance: float
    capacitance: float | None
    frequency: float | None


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
    def places(self) -> tuple[PlaceImpedance, ...]:
        """Resistance and capacitance of every interface and contact."""
        names = dict.fromkeys(c.place for c in self.contributions if c.kind in _AT_PLACES)
        return tuple(self._place(name) for name in names)

    def _place(self, place: str) -> PlaceImpedance:
        parts = [c.values for c in self.contributions if c.place == place and c.kind in _AT_PLACES]
        z = np.sum(parts, axis=0) * self.area
        top = int(np.argmax(-z.imag))
        resistance = float(z[0].real)
        if not -z[top].imag > _NEGLIGIBLE * np.abs(self.area_specific).max():
            return PlaceImpedance(place, resistance, None, None)
        capacitance = float((1.0 / z[top]).imag / self.angular_frequencies[top])
        return PlaceImpedance(place, resistance, capacitance, float(self.frequencies[top]))

    def response(self, frequency: float | str) -> "Response":
        """Return the fields of the response at a frequency [Hz, or a text with a unit]."""
        from pyscl.study.impedance.response import response

        return response(self, parse(frequency, "Hz"))

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
