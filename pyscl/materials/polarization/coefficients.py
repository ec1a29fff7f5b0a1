"""Landau coefficients of a crystal as functions of temperature and misfit strain."""

import math
import warnings
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import (
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializationInfo,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from pyscl.errors import InputError
from pyscl.materials.polarization.landau import ORDER, LandauPolynomial
from pyscl.materials.provenance import Provenance
from pyscl.materials.schema import InputModel, failure
from pyscl.units import ERROR_TYPE, PositiveNumber, Temperature, UnitValue, parse


@dataclass(frozen=True)
class TemperatureSeries:
    """Annotation of a coefficient c0 + c1 T + c2 T^2 + ..., a tuple (c0, c1, ...).

    A single value is a coefficient that does not depend on temperature.

    Attributes:
        unit: unit of c0; that of c1 is `unit`/K, of c2 `unit`/K^2.
    """

    unit: str

    def unit_of(self, power: int) -> str:
        """Return the unit of the coefficient of T^power."""
        return self.unit + ("", "/K", f"/K^{power}")[min(power, 2)]

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Build the validator of pydantic."""
        return core_schema.with_info_plain_validator_function(
            self._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self._serialize, info_arg=True
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the series to editors: texts with units."""
        words = f"c0, c1, ... of c0 + c1 T + ... [{self.unit}, {self.unit_of(1)}, ...]"
        return {"type": ["string", "array"], "items": {"type": "string"}, "description": words}

    def _validate(self, given: Any, info: ValidationInfo) -> tuple[float, ...]:
        context = info.context if isinstance(info.context, dict) else {}
        terms = given if isinstance(given, (list, tuple)) else (given,)
        strict = bool(context.get("require_units"))
        try:
            if not terms:
                raise InputError("an empty list; give c0, or c0 and c1 of c0 + c1 T")
            return tuple(
                parse(term, self.unit_of(power), require_units=strict)
                for power, term in enumerate(terms)
            )
        except InputError as error:
            raise PydanticCustomError(ERROR_TYPE, "{message}", {"message": str(error)}) from error

    def _serialize(self, value: tuple[float, ...], info: SerializationInfo) -> list[Any]:
        if info.context is None or not info.context.get("write_units"):
            return list(value)
        return [f"{c!r} {self.unit_of(power)}" for power, c in enumerate(value)]


Second = Annotated[tuple[float, ...], TemperatureSeries("J*m/C^2")]
Fourth = Annotated[tuple[float, ...], TemperatureSeries("J*m^5/C^4")]
Sixth = Annotated[tuple[float, ...], TemperatureSeries("J*m^9/C^6")]
Eighth = Annotated[tuple[float, ...], TemperatureSeries("J*m^13/C^8")]
_Gradient = Annotated[float, UnitValue("J*m^3/C^2")]

# Coefficient -> powers (m, n) of P1^2 and P2^2 of its terms.
_TERMS: dict[str, dict[str, tuple[tuple[int, int], ...]]] = {
    "cubic": {
        "a1": ((1, 0), (0, 1)),
        "a11": ((2, 0), (0, 2)),
        "a12": ((1, 1),),
        "a111": ((3, 0), (0, 3)),
        "a112": ((2, 1), (1, 2)),
        "a1111": ((4, 0), (0, 4)),
        "a1112": ((3, 1), (1, 3)),
        "a1122": ((2, 2),),
    },
    "uniaxial": {
        "a1": ((1, 0),),
        "a2": ((0, 1),),
        "a11": ((2, 0),),
        "a111": ((3, 0),),
        "a1111": ((4, 0),),
    },
}


class GradientEnergy(InputModel):
    """Energy of polarization gradients, with Pi,j = dPi/dxj in crystal axes.

    f = G11/2 (P1,1^2 + P2,2^2) + G12 P1,1 P2,2 + G44/2 (P1,2 + P2,1)^2 + G44'/2 (P1,2 - P2,1)^2.
    A single value G stands for the isotropic energy G/2 |grad P|^2.

    Attributes:
        G11: [J m3/C2].
        G12: [J m3/C2].
        G44: [J m3/C2].
        G44_prime: [J m3/C2].
    """

    G11: _Gradient
    G12: _Gradient = 0.0
    G44: _Gradient
    G44_prime: _Gradient = 0.0

    @model_validator(mode="after")
    def _positive(self) -> "GradientEnergy":
        if min(self.G11 - abs(self.G12), self.G44, self.G44_prime) < 0.0:
            raise ValueError(
                "the gradient energy has no lower bound; it needs G11 >= |G12|, G44 >= 0 and "
                "G44_prime >= 0"
            )
        return self

    def values(self) -> tuple[float, float, float, float]:
        """Return (G11, G12, G44, G44') [J m3/C2]."""
        return self.G11, self.G12, self.G44, self.G44_prime


def _isotropic(value: Any, info: ValidationInfo) -> Any:
    """Turn a single value into the isotropic gradient energy."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return value
    strict = bool((info.context or {}).get("require_units"))
    g = parse(value, "J*m^3/C^2", require_units=strict)
    return GradientEnergy(G11=g, G44=0.5 * g, G44_prime=0.5 * g)


AnyGradientEnergy = Annotated[
    GradientEnergy, BeforeValidator(_isotropic, json_schema_input_type=str | GradientEnergy)
]


class Electrostriction(InputModel):
    """Strain per squared polarization, S1 = Q11 P1^2 + Q12 (P2^2 + P3^2).

    Attributes:
        Q11: [m4/C2].
        Q12: [m4/C2].
    """

    Q11: Annotated[float, UnitValue("m^4/C^2")]
    Q12: Annotated[float, UnitValue("m^4/C^2")]


class Compliance(InputModel):
    """Elastic compliance at constant polarization.

    Attributes:
        s11: [1/Pa].
        s12: [1/Pa].
    """

    s11: Annotated[float, UnitValue("1/Pa", above=0.0)]
    s12: Annotated[float, UnitValue("1/Pa")]

    @model_validator(mode="after")
    def _stable(self) -> "Compliance":
        if not -0.5 * self.s11 < self.s12 < self.s11:
            raise failure("elastic", "s12 must lie between -s11/2 and s11", ("s12",), self.s12)
        return self


class LandauCoefficients(InputModel):
    """The Landau free energy of a crystal with P3 = 0, stress-free unless a misfit is given.

    Cubic: f = a1 (P1^2 + P2^2) + a11 (P1^4 + P2^4) + a12 P1^2 P2^2 + a111 (P1^6 + P2^6)
    + a112 (P1^4 P2^2 + P1^2 P2^4) + a1111 (P1^8 + P2^8) + a1112 (P1^6 P2^2 + P1^2 P2^6)
    + a1122 P1^4 P2^4. Uniaxial: f = a1 P1^2 + a11 P1^4 + a111 P1^6 + a1111 P1^8 + a2 P2^2 with the
    polar axis 1. Coefficients are polynomials in T, (c0, c1, ...) for c0 + c1 T + ..., or in
    Ts coth(Ts/T) where a saturation temperature Ts is given (Barrett; it tends to T far above).

    Attributes:
        name: name for messages.
        symmetry: "cubic" or "uniaxial".
        a1: [J m/C2], with c1 in [J m/C2/K].
        a2: [J m/C2], uniaxial only.
        a11: [J m5/C4].
        a12: [J m5/C4], cubic only, as a112, a1112 and a1122.
        a111: [J m9/C6].
        a112: [J m9/C6].
        a1111: [J m13/C8].
        a1112: [J m13/C8].
        a1122: [J m13/C8].
        saturation_temperature: Ts [K], or None.
        temperature_range: lowest and highest temperature the coefficients are meant for [K].
        gradient_energy: energy of polarization gradients, or None.
        electrostriction: needed for a misfit strain.
        compliance: needed for a misfit strain.
        background_permittivity: relative permittivity without P, or None.
        provenance: where the values come from.
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("provenance",)

    name: str = ""
    symmetry: Literal["cubic", "uniaxial"] = "cubic"
    a1: Second
    a2: Second | None = None
    a11: Fourth = (0.0,)
    a12: Fourth | None = None
    a111: Sixth = (0.0,)
    a112: Sixth | None = None
    a1111: Eighth = (0.0,)
    a1112: Eighth | None = None
    a1122: Eighth | None = None
    saturation_temperature: Temperature | None = None
    temperature_range: tuple[Temperature, Temperature]
    gradient_energy: AnyGradientEnergy | None = None
    electrostriction: Electrostriction | None = None
    compliance: Compliance | None = None
    background_permittivity: PositiveNumber | None = None
    provenance: tuple[Provenance, ...] = ()

    @field_validator("temperature_range")
    @classmethod
    def _increasing(cls, ends: tuple[float, float]) -> tuple[float, float]:
        if not ends[0] < ends[1]:
            raise ValueError("the temperature range must begin below its end")
        return ends

    @model_validator(mode="after")
    def _fits_the_symmetry(self) -> "LandauCoefficients":
        every = {name for terms in _TERMS.values() for name in terms}
        allowed = _TERMS[self.symmetry]
        for name in sorted(every - set(allowed)):
            if getattr(self, name) is not None:
                message = f"{name} has no meaning for {self.symmetry} crystals; leave it out"
                raise failure("landau", message, (name,))
        if self.symmetry == "uniaxial" and self.a2 is None:
            raise failure("missing", "missing key 'a2'; the term across the polar axis", ("a2",))
        return self

    def range_warning(self, temperature: float) -> str | None:
        """Return a sentence if a temperature [K] lies outside the range, None otherwise."""
        low, high = self.temperature_range
        if low <= temperature <= high:
            return None
        return (
            f"Landau coefficients {self._title} hold from {low:g} K to {high:g} K; at "
            f"{temperature:g} K they are extrapolated"
        )

    def at(
        self,
        temperature: float,
        misfit_strain: float | None = None,
        normal: Literal["1", "2"] = "2",
    ) -> LandauPolynomial:
        """Return the polynomial at a temperature; warns outside the range.

        With a misfit strain um the crystal is a film with S1 = S2 = um, S6 = 0 in its plane and no
        stress on it (N. A. Pertsev, A. G. Zembilgotov, A. K. Tagantsev, Phys. Rev. Lett. 80, 1988
        (1998)). One axis in the plane of the film is axis 3.

        Args:
            temperature: [K].
            misfit_strain: um = (b - a0)/b of the film on its substrate, or None for no stress.
            normal: the crystal axis along the normal of the film.

        Raises:
            InputError: no lower bound, or a misfit without cubic symmetry and elastic constants.
        """
        message = self.range_warning(temperature)
        if message:
            warnings.warn(message, stacklevel=2)
        return self.polynomial(temperature, misfit_strain, normal)

    def polynomial(
        self,
        temperature: float,
        misfit_strain: float | None = None,
        normal: Literal["1", "2"] = "2",
    ) -> LandauPolynomial:
        """Return what `at` returns, without a warning; a model gives that once."""
        table = np.zeros((ORDER, ORDER))
        for name, terms in _TERMS[self.symmetry].items():
            for m, n in terms:
                table[m, n] = self._value(name, temperature)
        if misfit_strain is not None:
            shifts = self._strained(misfit_strain)
            table[:3, :3] += shifts if normal == "2" else shifts.T
        polynomial = LandauPolynomial(table)
        self._check_bound(polynomial, temperature)
        return polynomial

    @property
    def _title(self) -> str:
        return f"'{self.name}'" if self.name else "without a name"

    def _value(self, name: str, temperature: float) -> float:
        """Return one coefficient at a temperature [K], 0 where it is not given."""
        t, saturation = temperature, self.saturation_temperature
        if saturation is not None:
            t = saturation / math.tanh(saturation / temperature)
        series = getattr(self, name) or ()
        return math.fsum(c * t**power for power, c in enumerate(series))

    def _strained(self, strain: float) -> np.ndarray:
        """Return what a misfit adds to the table up to degree 4, (3, 3), for normal axis 2."""
        q, s = self.electrostriction, self.compliance
        if self.symmetry != "cubic" or q is None or s is None:
            raise InputError(
                f"a misfit strain needs cubic symmetry, electrostriction and compliance, which "
                f"the Landau coefficients {self._title} do not have; leave misfit_strain out"
            )
        plane = s.s11 + s.s12
        added = np.zeros((3, 3))
        added[1, 0] = -strain * (q.Q11 + q.Q12) / plane
        added[0, 1] = -strain * 2.0 * q.Q12 / plane
        squares, product = q.Q11**2 + q.Q12**2, q.Q11 * q.Q12
        added[2, 0] = 0.5 * (squares * s.s11 - 2.0 * product * s.s12) / (s.s11**2 - s.s12**2)
        added[0, 2] = q.Q12**2 / plane
        added[1, 1] = q.Q12 * (q.Q11 + q.Q12) / plane
        return added

    def _check_bound(self, polynomial: LandauPolynomial, temperature: float) -> None:
        found = polynomial.unbounded_direction()
        if found is None:
            return
        degree, angle = found
        names = [
            name
            for name, terms in _TERMS[self.symmetry].items()
            if 2 * sum(terms[0]) == degree and getattr(self, name)
        ]
        raise InputError(
            f"the energy of the Landau coefficients {self._title} has no lower bound at "
            f"{temperature:g} K: its terms of degree {degree} ({', '.join(names)}) are not "
            f"positive {math.degrees(angle):.3g} deg from axis 1; stay in the temperature range, "
            "or give terms of higher degree that are positive"
        )
