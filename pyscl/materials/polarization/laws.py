"""Laws of polarization: D = eps0 eps_r E + P(E, history).

eps_r, `linear_permittivity`, becomes the `relative_permittivity` of the material; P is what a law
has beyond this linear part. Vectors are along axis 1 of the crystal, see `axes`.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from pyscl.errors import InputError
from pyscl.materials.polarization.axes import AlignedAxes, Axes
from pyscl.materials.polarization.cards import load_landau
from pyscl.materials.polarization.coefficients import AnyGradientEnergy, LandauCoefficients
from pyscl.materials.polarization.hysteresis import Hysteresis
from pyscl.materials.polarization.landau import LandauPolynomial
from pyscl.materials.schema import InputModel, failure
from pyscl.units import Extent, Number, PositiveNumber, SurfaceCharge, UnitValue, unit_of

BACKGROUND = 10.0
"""Background permittivity of Landau materials where neither law nor card gives one."""

LARGEST_MISFIT = 0.1
"""Misfit strain that no film follows."""


class Anisotropic(InputModel):
    """A linear crystal whose permittivity along axis 1 differs from that across it.

    Attributes:
        along: relative permittivity along axis 1.
        across: relative permittivity across it.
        axes: the crystal axes.
    """

    law: Literal["anisotropic"] = "anisotropic"
    along: PositiveNumber
    across: PositiveNumber
    axes: Axes = AlignedAxes()

    @property
    def linear_permittivity(self) -> float:
        """Relative permittivity of the isotropic linear part, the mean of both."""
        return 0.5 * (self.along + self.across)


class Johnson(InputModel):
    """A permittivity that falls in high fields, D = eps(|E|) E (Johnson).

    eps(E) = eps / (1 + 3 b eps^3 E^2)^(1/3) with eps = eps0 eps_r at zero field. It is the chord
    D/E of the material E = P/eps + b P^3 to first order in b eps^3 E^2.

    Attributes:
        relative_permittivity: eps_r at zero field.
        coefficient: b [V m5/C3].
    """

    law: Literal["johnson"] = "johnson"
    relative_permittivity: PositiveNumber
    coefficient: Annotated[float, UnitValue("V*m^5/C^3", minimum=0.0)]

    @property
    def linear_permittivity(self) -> float:
        """Relative permittivity of the isotropic linear part, that at zero field."""
        return self.relative_permittivity

    def excess(self, field: ArrayLike) -> Any:
        """Return P beyond the linear part [C/m2], along the field [V/m]."""
        from scipy.constants import epsilon_0  # 0.1 s to import

        e = np.asarray(field, dtype=float)
        eps = epsilon_0 * self.relative_permittivity
        # (1 + x)^(-1/3) - 1 without cancellation
        factor = np.expm1(-np.log1p(3.0 * self.coefficient * eps**3 * e**2) / 3.0)
        return (eps * factor * e)[()]


class Langevin(InputModel):
    """Free dipoles that saturate, P = Ps L(3 chi eps0 E / Ps), on a linear background.

    L(x) = coth x - 1/x, chi = zero_field_permittivity - background_permittivity.

    Attributes:
        background_permittivity: relative permittivity in fields that saturate the dipoles.
        saturation: Ps [C/m2].
        zero_field_permittivity: relative permittivity at zero field, above the background.
    """

    law: Literal["langevin"] = "langevin"
    background_permittivity: PositiveNumber
    saturation: Annotated[float, UnitValue("C/m^2", above=0.0)]
    zero_field_permittivity: PositiveNumber

    @model_validator(mode="after")
    def _dipoles_add(self) -> "Langevin":
        if not self.zero_field_permittivity > self.background_permittivity:
            raise failure(
                "langevin",
                f"zero_field_permittivity {self.zero_field_permittivity:g} must be above the "
                f"background {self.background_permittivity:g}",
                ("zero_field_permittivity",),
            )
        return self

    @property
    def linear_permittivity(self) -> float:
        """Relative permittivity of the isotropic linear part, that at zero field."""
        return self.zero_field_permittivity

    def excess(self, field: ArrayLike) -> Any:
        """Return P beyond the linear part [C/m2], along the field [V/m]."""
        from scipy.constants import epsilon_0  # 0.1 s to import

        chi = self.zero_field_permittivity - self.background_permittivity
        x = np.asarray(3.0 * chi * epsilon_0 * np.asarray(field, dtype=float) / self.saturation)
        safe = np.where(np.abs(x) < 0.1, 1.0, x)
        square = x * x
        series = x * square * (-1 / 45 + square * (2 / 945 + square * (-1 / 4725)))
        return (
            self.saturation
            * np.where(np.abs(x) < 0.1, series, 1.0 / np.tanh(safe) - 1.0 / safe - x / 3.0)
        )[()]


class Remanent(InputModel):
    """A fixed polarization along axis 1 of every grain.

    Attributes:
        polarization: its magnitude [C/m2].
        relative_permittivity: of the linear part.
        axes: the crystal axes.
    """

    law: Literal["remanent"] = "remanent"
    polarization: Annotated[float, UnitValue("C/m^2", minimum=0.0)]
    relative_permittivity: PositiveNumber
    axes: Axes = AlignedAxes()

    @property
    def linear_permittivity(self) -> float:
        """Relative permittivity of the isotropic linear part."""
        return self.relative_permittivity

    @property
    def fixed_polarization(self) -> float:
        """Polarization along axis 1 that does not depend on the field [C/m2]."""
        return self.polarization


class Piezoelectric(InputModel):
    """The polarization of a given stress or strain along axis 1 of every grain.

    P = d sigma or P = e S; one of both pairs is given. `pyscl.polar_fields` has P of strain fields.

    Attributes:
        coefficient: d [C/N], with a stress.
        stress: sigma [Pa], positive in tension.
        stress_coefficient: e [C/m2], with a strain.
        strain: S, positive in extension.
        relative_permittivity: of the linear part.
        axes: the crystal axes.
    """

    law: Literal["piezoelectric"] = "piezoelectric"
    coefficient: Annotated[float, UnitValue("C/N")] | None = None
    stress: Annotated[float, UnitValue("Pa")] | None = None
    stress_coefficient: SurfaceCharge | None = None
    strain: Number | None = None
    relative_permittivity: PositiveNumber
    axes: Axes = AlignedAxes()

    @model_validator(mode="after")
    def _one_pair(self) -> "Piezoelectric":
        pairs = ("coefficient", "stress"), ("stress_coefficient", "strain")
        given = [[name for name in pair if getattr(self, name) is not None] for pair in pairs]
        if sorted(map(len, given)) == [0, 2]:
            return self
        words = "coefficient [C/N] and stress, or stress_coefficient [C/m^2] and strain"
        missing = [(*set(pair) - set(got),) for pair, got in zip(pairs, given, strict=True)]
        lacking = next((m for m, got in zip(missing, given, strict=True) if len(got) == 1), ())
        if lacking and not (given[0] and given[1]):
            raise failure("missing", f"missing key '{lacking[0]}'; give {words}", lacking)
        raise failure("piezoelectric", f"give {words}, one of both pairs")

    @property
    def linear_permittivity(self) -> float:
        """Relative permittivity of the isotropic linear part."""
        return self.relative_permittivity

    @property
    def fixed_polarization(self) -> float:
        """Polarization along axis 1 that does not depend on the field [C/m2]."""
        first, second = self.coefficient, self.stress
        if first is None or second is None:
            first, second = self.stress_coefficient, self.strain
        return (first or 0.0) * (second or 0.0)


class Flexoelectric(InputModel):
    """The polarization of a given strain gradient, P = mu grad(strain) along axis 1.

    Attributes:
        coefficient: mu [C/m].
        strain_gradient: [1/m].
        relative_permittivity: of the linear part.
        axes: the crystal axes.
    """

    law: Literal["flexoelectric"] = "flexoelectric"
    coefficient: Annotated[float, UnitValue("C/m")]
    strain_gradient: Annotated[float, UnitValue("1/m")]
    relative_permittivity: PositiveNumber
    axes: Axes = AlignedAxes()

    @property
    def linear_permittivity(self) -> float:
        """Relative permittivity of the isotropic linear part."""
        return self.relative_permittivity

    @property
    def fixed_polarization(self) -> float:
        """Polarization along axis 1 that does not depend on the field [C/m2]."""
        return self.coefficient * self.strain_gradient


def _coefficients(value: Any, info: ValidationInfo) -> Any:
    """Accept the name or the path of a card."""
    if not isinstance(value, (str, Path)):
        return value
    text = str(value)
    directory = (info.context or {}).get("directory", Path())
    try:
        return load_landau(directory / text if text.endswith((".yaml", ".yml")) else text)
    except InputError as error:
        raise failure("card", str(error), (), text) from None


class Landau(InputModel):
    """A ferroelectric whose polarization is an unknown of the problem (Landau, Devonshire).

    viscosity dP/dt = E - df/dP + div of the gradient terms, D = eps0 eps_b E + P.

    Attributes:
        coefficients: `LandauCoefficients`, or the name or path of a card.
        background_permittivity: eps_b; None: that of the card, or else 10.
        viscosity: tau of tau dP/dt = -dF/dP [ohm m]; does not matter at rest. The default is an
            assumption, a relaxation within nanoseconds.
        gradient_energy: None: that of the card; without either there is none.
        misfit_strain: of a film whose normal is crystal axis 2, at most 0.1 either way, or None for
            a stress-free crystal.
        boundary: "free" or "zero", P at the boundary of the region.
        extrapolation_length: delta of dP/dn = -P/delta at a free boundary [m]; None: dP/dn = 0.
        axes: the crystal axes.
    """

    law: Literal["landau"] = "landau"
    coefficients: Annotated[
        LandauCoefficients,
        BeforeValidator(_coefficients, json_schema_input_type=str | LandauCoefficients),
    ]
    background_permittivity: PositiveNumber | None = None
    viscosity: Annotated[float, UnitValue("ohm*m", above=0.0)] = 1.0
    gradient_energy: AnyGradientEnergy | None = None
    misfit_strain: Number | None = None
    boundary: Literal["free", "zero"] = "free"
    extrapolation_length: Extent | None = None
    axes: Axes = AlignedAxes()

    @field_validator("misfit_strain")
    @classmethod
    def _no_percent(cls, strain: float | None) -> float | None:
        if strain is not None and abs(strain) > LARGEST_MISFIT:
            raise ValueError(
                f"a misfit strain of {strain:g} is {100.0 * strain:g} %, at most "
                f"{100.0 * LARGEST_MISFIT:g} % is allowed; was it meant in percent? Write "
                f"{0.01 * strain:g} or '{strain:g} %'"
            )
        return strain

    @model_validator(mode="after")
    def _length_of_a_free_boundary(self) -> "Landau":
        if self.extrapolation_length is not None and self.boundary == "zero":
            raise failure(
                "landau",
                "an extrapolation length belongs to a free boundary; leave it out or set boundary "
                "to 'free'",
                ("extrapolation_length",),
            )
        return self

    @property
    def linear_permittivity(self) -> float:
        """Relative permittivity of the isotropic linear part, the background."""
        own, of_card = self.background_permittivity, self.coefficients.background_permittivity
        return own or of_card or BACKGROUND

    @property
    def gradient(self) -> tuple[float, float, float, float]:
        """G11, G12, G44, G44' [J m3/C2], see `GradientEnergy`."""
        given = self.gradient_energy or self.coefficients.gradient_energy
        return given.values() if given is not None else (0.0, 0.0, 0.0, 0.0)

    def polynomial(self, temperature: float) -> LandauPolynomial:
        """Return the polynomial at a temperature [K]; errors as `LandauCoefficients.at`."""
        return self.coefficients.polynomial(temperature, self.misfit_strain)

    def scale(self, temperature: float) -> float:
        """Return a polarization of the size that occurs [C/m2], see `LandauPolynomial.scale`."""
        return self.polynomial(temperature).scale()


AnyPolarization = (
    Anisotropic
    | Johnson
    | Langevin
    | Remanent
    | Piezoelectric
    | Flexoelectric
    | Hysteresis
    | Landau
)

Polarization = Annotated[AnyPolarization, Field(discriminator="law")]
"""Law of polarization of a material; the key "law" says which."""


def units_of(law: str) -> dict[str, str]:
    """Return the units of the numbers of a law by its name; nothing for an unknown law."""
    kinds = {kind.model_fields["law"].default: kind for kind in get_args(AnyPolarization)}
    fields = kinds[law].model_fields if law in kinds else {}
    found = {}
    for key, field in fields.items():
        units = (unit_of(item) for item in (*field.metadata, field.annotation))
        if unit := next(filter(None, units), None):
            found[key] = unit
    return found
