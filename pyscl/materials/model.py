"""What a material is: permittivity, mobile carriers with their statistics, fixed charge.

All numbers are stored in SI units (energies in eV per particle). Given in Python they may be SI
floats or texts with a unit; input files and cards require the unit.
"""

import builtins
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator

from pyscl.errors import InputError, unknown_name
from pyscl.materials.schema import InputModel, describe, no_such
from pyscl.units import (
    ELEMENTARY_CHARGE,
    ChargeDensity,
    Conductivity,
    Density,
    Diffusivity,
    Energy,
    Number,
    PositiveNumber,
)

_SAMPLES_PER_INTERVAL = 64


class Boltzmann(InputModel):
    """Ideal dilute statistics: y = exp(eta)."""

    law: Literal["boltzmann"] = "boltzmann"


class LatticeGas(InputModel):
    """One particle per site, no interaction beyond the mean field: y = 1 / (1 + exp(-eta))."""

    law: Literal["lattice-gas"] = "lattice-gas"


class Blakemore(InputModel):
    """Blakemore approximation of Fermi statistics: y = 1 / (exp(-eta) + gamma), y < 1/gamma."""

    law: Literal["blakemore"] = "blakemore"
    gamma: PositiveNumber = 0.27


class FermiDiracHalf(InputModel):
    """Fermi-Dirac integral of order 1/2 (electrons and holes in a parabolic band)."""

    law: Literal["fermi-dirac-half"] = "fermi-dirac-half"


class NonIdeal(InputModel):
    """Lattice gas with a tabulated excess potential g(y): eta = ln(y/(1-y)) + g(y).

    Between the points of the table g is the monotone cubic (PCHIP) through them, outside it is
    constant. Tables for which 1/(y(1-y)) + g'(y) <= 0 somewhere describe phase separation and are
    refused.

    Attributes:
        site_fraction: y at the points of the table, increasing, in [0, 1].
        excess: g at these points [kT].
    """

    law: Literal["non-ideal"] = "non-ideal"
    site_fraction: tuple[Number, ...]
    excess: tuple[Number, ...]

    @field_validator("site_fraction")
    @classmethod
    def _increasing(cls, y: tuple[float, ...]) -> tuple[float, ...]:
        if len(y) < 2:
            raise ValueError("the table of g(y) needs at least two points")
        if not all(a < b for a, b in pairwise(y)):
            raise ValueError("the site fractions of the table must increase")
        if y[0] < 0.0 or y[-1] > 1.0:
            raise ValueError("the site fractions of the table must lie in [0, 1]")
        return y

    @field_validator("excess")
    @classmethod
    def _single_phase(cls, excess: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        y = info.data.get("site_fraction")
        if y is None:
            return excess
        if len(excess) != len(y):
            raise ValueError(f"excess has {len(excess)} values for {len(y)} site fractions")
        y_worst, slope = _least_stable(y, excess)
        if slope <= 0.0:
            raise ValueError(
                f"the table separates into two phases: d(eta)/dy = {slope:.3g} at y = "
                f"{y_worst:.4g}; two-phase materials are outside the model, it needs "
                "1/(y(1-y)) + g'(y) > 0 for all y"
            )
        return excess

    def slopes(self) -> np.ndarray:
        """Return g'(y) at the points of the table [kT], (n_points,): the PCHIP slopes."""
        return np.asarray(_pchip(self.site_fraction, self.excess).derivative()(self.site_fraction))


def _pchip(y: tuple[float, ...], excess: tuple[float, ...]) -> Any:
    from scipy.interpolate import PchipInterpolator  # 0.2 s to import, needed for tables only

    return PchipInterpolator(y, excess)


def _least_stable(y: tuple[float, ...], excess: tuple[float, ...]) -> tuple[float, float]:
    """Return the y inside the table where d(eta)/dy is least, and that value [kT]."""
    from scipy.optimize import minimize_scalar

    derivative = _pchip(y, excess).derivative()

    def stiffness(x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return 1.0 / (x * (1.0 - x)) + derivative(x)

    x = np.unique(
        np.concatenate([np.linspace(a, b, _SAMPLES_PER_INTERVAL) for a, b in pairwise(y)])
    )
    values = stiffness(x)
    i = int(np.argmin(values))
    bounds = (float(x[max(i - 1, 0)]), float(x[min(i + 1, len(x) - 1)]))
    refined = minimize_scalar(stiffness, bounds=bounds, method="bounded")
    if refined.fun < values[i]:
        return float(refined.x), float(refined.fun)
    return float(x[i]), float(values[i])


def _law_by_name(value: Any) -> Any:
    """Accept the bare name of a law that needs no parameters."""
    return {"law": value} if isinstance(value, str) else value


Law = Boltzmann | LatticeGas | Blakemore | FermiDiracHalf | NonIdeal
"""Statistics of carriers: y = c / site density as a function of eta = (mu - mu0 - z e phi) / kT."""

Statistics = Annotated[
    Annotated[Law, Field(discriminator="law")],
    BeforeValidator(_law_by_name, json_schema_input_type=str | Law),
]

Mobility = Literal["vacancy", "dilute", "constant-conductivity"]


class Carrier(InputModel):
    """One mobile charged species of a material.

    Attributes:
        name: name, shared by the regions the carrier can pass between.
        charge: charge number z, not 0.
        statistics: law between site fraction and electrochemical potential.
        mobility: "vacancy" M ~ c (1-y), "dilute" M ~ c, "constant-conductivity" M ~ 1.
        site_density: sites (or reference density) per volume [1/m3].
        site_fraction: c / site_density of the neutral bulk; below 1 for laws with limited sites.
        standard_potential: mu0 [eV per particle].
        diffusivity: [m2/s], or None. It is the chemical diffusivity for "vacancy" (J = -D grad c
            of an ideal lattice gas without field), the self-diffusivity for "dilute" (mobility
            D/kT), and the chemical diffusivity of the neutral bulk for "constant-conductivity".
        conductivity: conductivity of the neutral bulk at the model temperature [S/m], or None.
            With neither the carrier does not move; runs out of equilibrium refuse that.
    """

    name: Annotated[str, Field(min_length=1)]
    charge: int
    statistics: Statistics = LatticeGas()
    mobility: Annotated[Mobility, Field(validate_default=True)] = "vacancy"
    site_density: Density
    site_fraction: PositiveNumber
    standard_potential: Energy = 0.0
    diffusivity: Diffusivity | None = None
    conductivity: Conductivity | None = None

    @field_validator("charge")
    @classmethod
    def _charged(cls, charge: int) -> int:
        if charge == 0:
            raise ValueError("charge must not be 0; neutral species are not carriers")
        return charge

    @field_validator("mobility")
    @classmethod
    def _vacancies_need_sites(cls, mobility: str, info: ValidationInfo) -> str:
        law = info.data.get("statistics")
        if (
            mobility == "vacancy"
            and law is not None
            and law.law not in ("lattice-gas", "non-ideal")
        ):
            raise ValueError(
                f"mobility 'vacancy' needs statistics with limited sites (lattice-gas, non-ideal), "
                f"not '{law.law}'; set mobility to 'dilute' or 'constant-conductivity'"
            )
        return mobility

    @field_validator("site_fraction")
    @classmethod
    def _within_the_law(cls, y: float, info: ValidationInfo) -> float:
        law = info.data.get("statistics")
        limit = {"lattice-gas": 1.0, "non-ideal": 1.0}.get(getattr(law, "law", ""), np.inf)
        if isinstance(law, Blakemore):
            limit = 1.0 / law.gamma
        if not y < limit:
            raise ValueError(f"site_fraction {y:g} must lie between 0 and {limit:g} (exclusive)")
        return y

    @field_validator("conductivity")
    @classmethod
    def _one_transport_coefficient(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and info.data.get("diffusivity") is not None:
            raise ValueError("give diffusivity or conductivity, not both")
        return value

    @property
    def density(self) -> float:
        """Carriers per volume in the neutral bulk [1/m3]."""
        return self.site_density * self.site_fraction


class Provenance(InputModel):
    """Where one value of a material comes from.

    Attributes:
        property: dotted path, e.g. "carriers.Li.conductivity".
        value: the value as it was printed in the card or given by the user.
        source: keys of references.bib, "user" for a value the user gave, None for an assumption.
        assumption: True if nobody measured or computed the value for this purpose.
        temperature: temperature the value holds at, or None.
        range: spread found in the literature, or None.
        note: reason of an assumption, or a remark.
    """

    property: str
    value: str
    source: str | None = None
    assumption: bool = False
    temperature: str | None = None
    range: str | None = None
    note: str = ""

    @builtins.property  # the field above hides the plain name
    def origin(self) -> str:
        """One word or key list for tables: the source, "user" or "assumption"."""
        return "assumption" if self.assumption else self.source or ""


def _carriers_by_name(value: Any) -> Any:
    """Accept {"Li": {...}} for a list of carriers with names."""
    if not isinstance(value, Mapping):
        return value
    return [{"name": k, **v} if isinstance(v, Mapping) else v for k, v in value.items()]


class Material(InputModel):
    """The bulk properties of a region.

    Attributes:
        name: name for messages and tables.
        relative_permittivity: linear isotropic permittivity over eps0.
        carriers: the mobile species; none for a dielectric, a pore, or a blocked phase.
        background_charge: fixed charge [C/m3]; None: it neutralises the carriers in the bulk.
        provenance: where the values come from.
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("provenance",)

    name: str = ""
    relative_permittivity: PositiveNumber
    carriers: Annotated[
        tuple[Carrier, ...],
        BeforeValidator(
            _carriers_by_name,
            json_schema_input_type=dict[str, dict[str, Any]] | tuple[Carrier, ...],
        ),
    ] = ()
    background_charge: ChargeDensity | None = None
    provenance: tuple[Provenance, ...] = ()

    @field_validator("carriers")
    @classmethod
    def _unique_names(cls, carriers: tuple[Carrier, ...]) -> tuple[Carrier, ...]:
        names = [c.name for c in carriers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"carrier '{name}' is given twice")
        return carriers

    def carrier(self, name: str) -> Carrier:
        """Return the carrier called `name`; InputError with the nearest name otherwise."""
        for carrier in self.carriers:
            if carrier.name == name:
                return carrier
        raise unknown_name("carrier", name, [c.name for c in self.carriers], f"in '{self.name}'")

    @property
    def fixed_charge(self) -> float:
        """Fixed charge [C/m3]: the given background, or what neutralises the carriers."""
        if self.background_charge is not None:
            return self.background_charge
        return 0.0 - ELEMENTARY_CHARGE * sum(c.charge * c.density for c in self.carriers)

    def with_(self, **overrides: Any) -> "Material":
        """Return a copy with other values, marked in the provenance as given by the user.

        Args:
            **overrides: values by dotted path, `{"carriers.Li.site_fraction": 0.4}` or
                `relative_permittivity=30`. Giving conductivity drops diffusivity and vice versa.

        Raises:
            InputError: an unknown path (with the nearest name) or a value that is not allowed.
        """
        data = self.override_data(overrides)
        try:
            return Material.model_validate(data)
        except ValidationError as error:
            raise InputError(describe(self.name or "Material", error)) from None

    def override_data(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of this material with `overrides` put in, not yet validated.

        Numbers of the untouched properties are written with their unit, so that the result can be
        validated where units are required.
        """
        data = self.model_dump(exclude={"provenance"})
        data["background_charge"] = _with_unit(data["background_charge"], "C/m^3")
        for carrier in data["carriers"]:
            for key, unit in _CARRIER_UNITS.items():
                carrier[key] = _with_unit(carrier[key], unit)
        if "carriers" in overrides and any(path.startswith("carriers.") for path in overrides):
            raise InputError("override 'carriers' as a whole or carrier by carrier, not both")
        record = list(self.provenance)
        for path, value in overrides.items():
            target, key = self._find(data, path)
            target[key] = value
            dropped = [path]
            other = _EXCLUSIVE.get(key, "")
            twin = path.removesuffix(key) + other
            if other and value is not None and twin not in overrides:
                target[other] = None
                dropped.append(twin)
            record = [
                p
                for p in record
                if not any(p.property == d or p.property.startswith(d + ".") for d in dropped)
            ]
            record.append(Provenance(property=path, value=str(value), source="user"))
        data["provenance"] = record
        return data

    @staticmethod
    def _find(data: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
        """Return the mapping and key a dotted path points to; InputError with the nearest name."""
        own = Material.keys()
        head, _, rest = path.partition(".")
        if head not in own:
            raise InputError(no_such("property", path, own))
        if head != "carriers" or not rest:
            if rest:
                raise InputError(f"'{head}' has no parts, so '{path}' names nothing")
            return data, head
        name, _, key = rest.partition(".")
        carriers = {c["name"]: c for c in data["carriers"]}
        if name not in carriers:
            raise InputError(no_such("carrier", name, list(carriers)))
        part, _, inner = key.partition(".")
        if part not in Carrier.keys():
            raise InputError(no_such("property of a carrier", key, Carrier.keys()))
        if inner and part != "statistics":
            raise InputError(f"'{part}' has no parts, so '{path}' names nothing")
        return (carriers[name][part], inner) if inner else (carriers[name], part)


_EXCLUSIVE = {"diffusivity": "conductivity", "conductivity": "diffusivity"}

_CARRIER_UNITS = {
    "site_density": "1/m^3",
    "standard_potential": "eV",
    "diffusivity": "m^2/s",
    "conductivity": "S/m",
}


def _with_unit(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value!r} {unit}"
