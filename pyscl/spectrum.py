"""`Spectrum`: the impedance between two contacts, and where in the model it arises."""

import csv
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from pyscl.errors import InputError, unknown_name
from pyscl.units import parse

if TYPE_CHECKING:
    from pyscl.solution import Solution
    from pyscl.study.impedance.response import Response
    from pyscl.study.impedance.step_response import TimeDomainCheck

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
_ROUNDING = 1e-9  # of an impedance
_NOTABLE = 1e-6  # of the largest height, of an arc
_AT_PLACES = ("layer", "transfer")
ContributionKind = Literal["bulk", "layer", "transfer", "diffusion"]


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one part of the model adds to an impedance.

    Attributes:
        kind: "bulk": what the same current would need in the uniform bulk of a region; "layer":
            the excess over it of all that lies nearest to an interface or contact; "transfer":
            kinetics, compact layers and coatings at an interface or contact; "diffusion": what
            several carriers of a region need to flow past each other and to store neutral pairs.
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
        capacitance: Im(1/Z)/w [F/m2], per area of the driven contact, at the top of its
            highest arc, or at the lowest frequency if there is none and the part blocks; None if
            the part stores less charge than the bulk would.
        frequency: where the capacitance was taken [Hz].
        share: |Z| of the part over that of the whole there.
        largest_share: largest |Z| of the part over that of the whole, over all frequencies.
        area: of the interface or contact itself over that of the driven contact; None for bulks
            and diffusion.
    """

    name: str
    resistance: float
    capacitance: float | None
    frequency: float
    share: float
    largest_share: float
    area: float | None = None

    @property
    def own_resistance(self) -> float | None:
        """Resistance per area of the interface or contact itself [Ohm m2], or None.

        Exact where the current crosses it evenly.
        """
        return None if self.area is None else self.resistance * self.area

    @property
    def own_capacitance(self) -> float | None:
        """Capacitance per area of the interface or contact itself [F/m2], or None."""
        if self.area is None or self.capacitance is None:
            return None
        return self.capacitance / self.area


@dataclass(frozen=True)
class ResistanceSplit:
    """Real parts of the contributions at the lowest frequency, R_p = R_el + R_scl + R_ct + R_dif.

    All per area of the driven contact [Ohm m2].

    Attributes:
        bulk: R_el, of the uniform bulks.
        layers: R_scl, the excess of space charge layers (and of constrictions at their edges).
        transfer: R_ct, of kinetics, contact resistances and coatings.
        diffusion: R_dif, of diffusion in regions with several carriers.
    """

    bulk: float
    layers: float
    transfer: float
    diffusion: float

    @property
    def total(self) -> float:
        """Their sum, the real part of Z times the area of the contact."""
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
        contributions: parts of the impedance, which sum up to it; none if the reference is open,
            a probe.
        warnings: what limits the spectrum, in words.
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
    warnings: tuple[str, ...] = field(default=())

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
        name = f"{kind} {'|'.join(sorted(part.strip() for part in place.split('|')))}"
        if name not in self._by_name:
            raise unknown_name("contribution", name, self._by_name)
        return self._by_name[name]

    @property
    def resistances(self) -> ResistanceSplit:
        """What bulk, layers, transfer and diffusion add to the resistance.

        Raises:
            InputError: the reference is a probe, see `contributions`.
        """

        def lowest(kind: ContributionKind) -> float:
            return self.area * sum(float(c.values[0].real) for c in self._split if c.kind == kind)

        return ResistanceSplit(
            bulk=lowest("bulk"),
            layers=lowest("layer"),
            transfer=lowest("transfer"),
            diffusion=lowest("diffusion"),
        )

    @property
    def parts(self) -> tuple[PartImpedance, ...]:
        """Resistance and capacitance of every contribution; InputError against a probe."""
        return tuple(
            self._part(c.name, c.values, c.place if c.kind in _AT_PLACES else None)
            for c in self._split
        )

    @property
    def places(self) -> tuple[PartImpedance, ...]:
        """Resistance and capacitance of every interface and contact, layer and transfer as one.

        Raises:
            InputError: the reference is a probe, see `contributions`.
        """
        total: dict[str, ComplexArray] = {}
        for c in self._split:
            if c.kind in _AT_PLACES:
                total[c.place] = total.get(c.place, 0.0) + c.values
        return tuple(self._part(place, values, place) for place, values in total.items())

    @property
    def _split(self) -> tuple[Contribution, ...]:
        """The contributions.

        Raises:
            InputError: there are none, because the reference is a probe.
        """
        if not self.contributions:
            raise InputError(
                f"the impedance of '{self.contact}' against '{self.reference}' has no parts: the "
                "reference carries no current; compute it against a contact that is held"
            )
        return self.contributions

    def _part(self, name: str, values: ComplexArray, place: str | None) -> PartImpedance:
        share = np.abs(values) / np.abs(self.impedance)
        top = _top_of_arc(-values.imag)
        z = values[top] * self.area
        stores = share.max() > _ROUNDING and z.imag < -_ROUNDING * abs(z)
        capacitance = float((1.0 / z).imag / self.angular_frequencies[top]) if stores else None
        return PartImpedance(
            name,
            float(values[0].real * self.area),
            capacitance,
            float(self.frequencies[top]),
            float(share[top]),
            float(share.max()),
            None if place is None else self._measure(place) / self.area,
        )

    def _measure(self, place: str) -> float:
        """Return the length [m] or area [m2] of an interface or contact."""
        from pyscl.facets import facet_measure

        model = self.solution.model
        mesh = model.mesh
        facets = mesh.interfaces[place] if place in mesh.interfaces else mesh.facets_of(place)
        return float(facet_measure(model, facets).sum())

    def response(self, frequency: float | str) -> "Response":
        """Return the fields of the response at a frequency [Hz, or a text with a unit]."""
        from pyscl.study.impedance.response import response

        return response(self, parse(frequency, "Hz"))

    def check_in_time(
        self, count: int = 5, *, amplitude: float = 1e-3, tolerance: float = 1e-7
    ) -> "TimeDomainCheck":
        """Compare with the transform of small voltage steps in time, at a few of the frequencies.

        The check shares neither the complex equations nor the derivatives in time with the
        spectrum; it costs two transients.

        Args:
            count: how many of the frequencies.
            amplitude: of the steps [kT/e].
            tolerance: of the time steps.

        Raises:
            InputError: contacts of the spectrum are open, or a number is not positive.
            ConvergenceError: a time step failed.
        """
        from pyscl.study.impedance.step_response import check_in_time

        return check_in_time(self, count, amplitude=amplitude, tolerance=tolerance)

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


def _top_of_arc(height: FloatArray) -> int:
    """Return where the highest arc within the range has its top; the lowest frequency without one.

    What rises up to the end of the range, slow storage behind the arc, is no arc.
    """
    inside = (height[1:-1] > height[:-2]) & (height[1:-1] >= height[2:])
    tops = np.flatnonzero(inside) + 1
    highest = tops[np.argmax(height[tops])] if len(tops) else 0
    notable = height[highest] > _NOTABLE * np.abs(height).max()
    return int(highest) if notable else 0
