"""What a material is: permittivity or polarization, mobile carriers, fixed charge.

All numbers are stored in SI units (energies in eV per particle). Given in Python they may be SI
floats or texts with a unit; input files and cards require the unit.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from pyscl.errors import InputError, unknown_name
from pyscl.materials.laws import Blakemore, LatticeGas, OpenCircuit, Statistics
from pyscl.materials.mixed import check_pair
from pyscl.materials.polarization import Polarization
from pyscl.materials.provenance import Provenance
from pyscl.materials.schema import InputModel, describe, no_such
from pyscl.units import (
    ELEMENTARY_CHARGE,
    WRITE_UNITS,
    ChargeDensity,
    Conductivity,
    Density,
    Diffusivity,
    Energy,
    PositiveNumber,
    Temperature,
    UnitValue,
)

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
            D/kT), and the chemical diffusivity of the neutral bulk for "constant-conductivity" and
            for open-circuit statistics (there of lithium with its electron, electrons fast).
        conductivity: conductivity of the neutral bulk [S/m], or None. With neither the carrier
            does not move; runs out of equilibrium refuse that.
        activation_energy: Ea [eV] of sigma T ~ exp(-Ea/kT) for a conductivity and of
            D ~ exp(-Ea/kT) for a diffusivity; None: the value given holds at every temperature.
        reference_temperature: temperature [K] the conductivity or diffusivity was given at; only
            used with an activation energy.
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
    activation_energy: Annotated[float, UnitValue("eV", minimum=0.0)] | None = None
    reference_temperature: Temperature = 298.15

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
        if mobility == "vacancy" and law is not None and not law.site_limited:
            raise ValueError(
                "mobility 'vacancy' needs statistics with limited sites (lattice-gas, non-ideal, "
                f"open-circuit), not '{law.law}'; set mobility to 'dilute' or "
                "'constant-conductivity'"
            )
        return mobility

    @field_validator("site_fraction")
    @classmethod
    def _within_the_law(cls, y: float, info: ValidationInfo) -> float:
        law = info.data.get("statistics")
        if isinstance(law, OpenCircuit):
            law.voltage_at(y)
        limit = 1.0 if getattr(law, "site_limited", False) else np.inf
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

    @field_validator("activation_energy")
    @classmethod
    def _of_some_transport(cls, value: float | None, info: ValidationInfo) -> float | None:
        given = [info.data.get(key, "in error") for key in ("diffusivity", "conductivity")]
        if value is not None and given == [None, None]:
            raise ValueError(
                "an activation energy belongs to a conductivity or diffusivity; give one of them"
            )
        return value

    @property
    def density(self) -> float:
        """Carriers per volume in the neutral bulk [1/m3]."""
        return self.site_density * self.site_fraction


def _carriers_by_name(value: Any) -> Any:
    """Accept {"Li": {...}} for a list of carriers with names."""
    if not isinstance(value, Mapping):
        return value
    return [{"name": k, **v} if isinstance(v, Mapping) else v for k, v in value.items()]


def _without_default(schema: dict[str, Any]) -> None:
    """Take the default out of a JSON schema: there is none, or the law of polarization fills it."""
    schema.pop("default", None)


class Material(InputModel):
    """The bulk properties of a region.

    Attributes:
        name: name for messages and tables.
        polarization: law of a polarization that is not linear and isotropic, or None.
        relative_permittivity: linear isotropic permittivity over eps0. With a polarization law it
            is that of the linear part, filled in from the law and not to be given.
        carriers: the mobile species; none for a dielectric, a pore, or a blocked phase.
        background_charge: fixed charge [C/m3]; None: it neutralises the carriers in the bulk.
        provenance: where the values come from.
    """

    not_for_users: ClassVar[tuple[str, ...]] = ("provenance",)

    name: str = ""
    polarization: Polarization | None = None
    relative_permittivity: PositiveNumber = Field(
        default=None, validate_default=True, json_schema_extra=_without_default
    )
    carriers: Annotated[
        tuple[Carrier, ...],
        BeforeValidator(
            _carriers_by_name,
            json_schema_input_type=dict[str, dict[str, Any]] | tuple[Carrier, ...],
        ),
    ] = ()
    background_charge: ChargeDensity | None = None
    provenance: tuple[Provenance, ...] = ()

    @field_validator("relative_permittivity", mode="wrap")
    @classmethod
    def _given_or_of_the_law(
        cls, given: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        """Fill the value in from the law of polarization; without one it must be given."""
        law = info.data.get("polarization")
        if given is None:
            if law is None and "polarization" in info.data:
                raise PydanticCustomError("missing", "missing key 'relative_permittivity'")
            return None if law is None else law.linear_permittivity
        if law is not None:
            raise ValueError(
                f"relative_permittivity and polarization are both given; the law '{law.law}' says "
                f"the permittivity ({law.linear_permittivity:g}): leave relative_permittivity out, "
                "or leave polarization out for a linear material"
            )
        return handler(given)

    @model_serializer(mode="wrap")
    def _without_the_filled_in(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        if self.polarization is not None:
            data.pop("relative_permittivity", None)
        return data

    @field_validator("carriers")
    @classmethod
    def _unique_names(cls, carriers: tuple[Carrier, ...]) -> tuple[Carrier, ...]:
        names = [c.name for c in carriers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"carrier '{name}' is given twice")
        return carriers

    @model_validator(mode="after")
    def _mixed_conductor(self) -> "Material":
        check_pair(self)
        return self

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

    @property
    def open_circuit(self) -> OpenCircuit:
        """The open-circuit law of an active material; InputError if no carrier has one."""
        laws = (c.statistics for c in self.carriers)
        found = next((law for law in laws if isinstance(law, OpenCircuit)), None)
        if found is None:
            raise InputError(
                f"material '{self.name}' has no open-circuit curve; give carriers the statistics "
                "open-circuit, or take a card of an active material, e.g. LiCoO2-mixed"
            )
        return found

    def open_circuit_voltage(self, x: ArrayLike | None = None) -> Any:
        """Return the voltage against lithium metal U(x) [V]; without x that of the neutral bulk."""
        law = self.open_circuit
        bulk = next(c.site_fraction for c in self.carriers if c.statistics == law)
        return law.voltage_at(bulk if x is None else x)

    def with_lithium(self, x: float) -> "Material":
        """Return a copy with site fraction x of lithium and its electrons, at a state of charge.

        `with_lithium(material.open_circuit.site_fraction_at(3.9))` starts at 3.9 V.

        Raises:
            InputError: x is outside the open-circuit curve, or there is none.
        """
        self.open_circuit.voltage_at(x)
        names = [c.name for c in self.carriers if isinstance(c.statistics, OpenCircuit)]
        return self.with_(**{f"carriers.{name}.site_fraction": float(x) for name in names})

    def with_(self, **overrides: Any) -> "Material":
        """Return a copy with other values, marked in the provenance as given by the user.

        Args:
            **overrides: values by dotted path, `{"carriers.Li.site_fraction": 0.4}` or
                `relative_permittivity=30`. Giving conductivity drops diffusivity and vice versa,
                and either drops the activation energy, so that the value holds at every
                temperature; giving relative_permittivity drops a law of polarization, and a law the
                permittivity. Parameters of a law are `{"polarization.coefficient": 8e9}`.

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
        data = self.model_dump(exclude={"provenance"}, context=WRITE_UNITS)
        for whole, parts in (("carriers", "carrier by carrier"), ("polarization", "part by part")):
            if whole in overrides and any(path.startswith(f"{whole}.") for path in overrides):
                raise InputError(f"override '{whole}' as a whole or {parts}, not both")
        record = list(self.provenance)
        for path, value in overrides.items():
            target, key = self._find(data, path)
            target[key] = value
            dropped = [path]
            other = "" if path.startswith("polarization.") else _EXCLUSIVE.get(key, "")
            twin = path.removesuffix(key) + other
            if other and value is not None and twin not in overrides:
                target[other] = None
                dropped.append(twin)
            energy = path.removesuffix(key) + "activation_energy"
            if key in _TRANSPORT and path != key and energy not in overrides:
                target["activation_energy"] = None
                dropped.append(energy)
            record = [
                p
                for p in record
                if not any(p.property == d or p.property.startswith(d + ".") for d in dropped)
            ]
            record.append(Provenance(property=path, value=str(value), source="user"))
            _forget_the_card(data["polarization"], path)
        data["provenance"] = record
        return data

    @staticmethod
    def _find(data: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
        """Return the mapping and key a dotted path points to; InputError with the nearest name."""
        own = Material.keys()
        head, _, rest = path.partition(".")
        if head not in own:
            raise InputError(no_such("property", path, own))
        if head == "polarization" and rest:
            return _find_in_law(data[head], path)
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


_TRANSPORT = ("conductivity", "diffusivity")

_EXCLUSIVE = {
    "diffusivity": "conductivity",
    "conductivity": "diffusivity",
    "relative_permittivity": "polarization",
    "polarization": "relative_permittivity",
}


def _forget_the_card(law: Any, path: str) -> None:
    """Drop the source of a Landau coefficient that a user overrides from the data of its law."""
    name = path.removeprefix("polarization.coefficients.")
    if name != path and isinstance(law["coefficients"], dict):
        kept = [p for p in law["coefficients"]["provenance"] if p["property"] != name]
        law["coefficients"]["provenance"] = kept


def _find_in_law(law: dict[str, Any] | None, path: str) -> tuple[dict[str, Any], str]:
    """Return the mapping and key below "polarization"; InputError with the nearest name."""
    if law is None:
        raise InputError(
            f"the material has no law of polarization, so '{path}' names nothing; override "
            "'polarization' as a whole"
        )
    here, (_, *above, key) = law, path.split(".")
    for part in above:
        inner = here.get(part)
        if not isinstance(inner, dict):
            words = f"'{part}' has no parts" if part in here else f"there is no '{part}'"
            raise InputError(f"{words}, so '{path}' names nothing")
        here = inner
    if key not in here:
        raise InputError(no_such("property of the polarization", key, list(here)))
    return here, key
