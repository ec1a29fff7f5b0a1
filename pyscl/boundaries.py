"""What happens at interfaces between regions, at contacts, and what is held in closed parts."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from pyscl.materials.choice import RegionMaterial
from pyscl.materials.electrodes import reference_electrode
from pyscl.materials.schema import InputModel
from pyscl.units import (
    AreaResistance,
    Capacitance,
    ExchangeCurrent,
    Potential,
    Share,
    SurfaceCharge,
    UnitValue,
    parse,
)

Neutral = Literal["neutral"]


class ButlerVolmer(InputModel):
    """Activated transfer of a carrier across an interface.

    N = i0/(|z| e) (exp(symmetry A) - exp(-(1 - symmetry) A)), A = (mu_1 - mu_2) / kT from the first
    to the second side in the order of the interface's name, or from a contact into the model.

    Attributes:
        exchange_current: i0 [A/m2], with occupancy that at the bulk composition of both sides.
        symmetry: transfer coefficient of the direction 1 -> 2, between 0 and 1.
        occupancy: whether the rate follows the occupied and empty sites on both sides,
            i0 ~ (y_1 (1-y_2))^(1-symmetry) (y_2 (1-y_1))^symmetry.
    """

    law: Literal["butler-volmer"] = "butler-volmer"
    exchange_current: ExchangeCurrent
    symmetry: Annotated[float, UnitValue("1", above=0.0, below=1.0)] = 0.5
    occupancy: bool = False


class ContactResistance(InputModel):
    """Ohmic transfer of a carrier: z e N = (mu_1 - mu_2) / (z e resistance).

    Attributes:
        resistance: area-specific resistance [Ohm m2].
    """

    law: Literal["resistance"] = "resistance"
    resistance: AreaResistance


TransferLaw = Annotated[ButlerVolmer | ContactResistance, Field(discriminator="law")]
"""How a carrier crosses an interface that is not in equilibrium."""


class Coating(InputModel):
    """A coating that is too thin to be meshed: transport straight across it, none along it.

    It acts as a meshed layer of one element: capacitance, series resistance, standard potentials
    and charge of the material. Carriers that the material lacks are blocked.

    Attributes:
        material: the material, as for a region.
        thickness: [m].
    """

    material: RegionMaterial
    thickness: Annotated[float, UnitValue("m", above=0.0)]


class Interface(InputModel):
    """The facets between two regions. By default every shared carrier is in equilibrium.

    In equilibrium contact the electrochemical potential of a carrier is continuous; the step of
    its standard potential makes the built-in potential and the space charge layers.

    Attributes:
        surface_charge: fixed charge on the interface [C/m2]; where phi jumps it lies on the side
            of the region whose name comes first in the alphabet.
        blocking: names of carriers that cannot cross.
        kinetics: carrier -> transfer law, for carriers that cross with a resistance.
        compact_capacitance: capacitance [F/m2] of a charge-free layer in which phi drops (Stern
            layer): D = capacitance (phi_1 - phi_2); None: phi is continuous.
        coating: a thin coating between the two regions, instead of `kinetics` and
            `compact_capacitance`.
        contact_share: share of the interface that is in contact, 0 to 1; scales the transfer laws
            (a fraction of the interface is blocked). Fields of it are given to the `Model`.
        lost_contact: groups of facets along the interface that are not in contact, e.g. above a
            void; no carrier crosses there.
    """

    surface_charge: SurfaceCharge = 0.0
    blocking: tuple[str, ...] = ()
    kinetics: dict[str, TransferLaw] = Field(default_factory=dict)
    compact_capacitance: Capacitance | None = None
    coating: Coating | None = None
    contact_share: Share = 1.0
    lost_contact: tuple[str, ...] = ()

    @property
    def splits_potential(self) -> bool:
        """Whether phi jumps across the interface."""
        return self.compact_capacitance is not None or self.coating is not None

    @model_validator(mode="after")
    def _no_contradiction(self) -> "Interface":
        both = sorted(set(self.blocking) & set(self.kinetics))
        if both:
            raise ValueError(f"carrier '{both[0]}' is blocking and has kinetics; keep one of them")
        if self.coating and (self.kinetics or self.compact_capacitance):
            raise ValueError(
                "a coating already has a resistance and a capacitance; remove kinetics and "
                "compact_capacitance"
            )
        return self

    def mirrored(self) -> "Interface":
        """Return the law as seen from the other side: for "b|a" what this is for "a|b"."""
        kinetics = {
            name: law.model_copy(update={"symmetry": 1.0 - law.symmetry})
            if isinstance(law, ButlerVolmer)
            else law
            for name, law in self.kinetics.items()
        }
        return self.model_copy(update={"kinetics": kinetics})


class PotentialContact(InputModel):
    """An electrode with a fixed electric potential that blocks all carriers.

    Attributes:
        potential: electric potential [V].
        compact_capacitance: capacitance [F/m2] of a charge-free layer between the electrode and
            the model; None: no such layer.
    """

    kind: Literal["potential"] = "potential"
    potential: Potential
    compact_capacitance: Capacitance | None = None


class ReservoirContact(InputModel):
    """A reservoir that fixes the electrochemical potential of one carrier.

    Attributes:
        carrier: the carrier it exchanges.
        electrochemical_potential: [eV]; "neutral": that of the neutral bulk of the adjacent
            region at zero electric potential; "open-circuit": for the electrons of a mixed
            conductor, minus its open-circuit voltage against lithium metal at the bulk
            composition (mu_e + mu_Li of the bulk, with mu = 0 in lithium metal).
        potential: electric potential [V]; "neutral": the one that makes the adjacent region
            neutral; None: not held (no surface charge).
        kinetics: transfer law between reservoir and model, which needs a potential; None:
            equilibrium.
        compact_capacitance: [F/m2], as for `PotentialContact`; needs a potential.
        electrode: what the reservoir is made of, for its voltage: "Li" (lithium metal, default) or
            another reference electrode ("Li-In"), whose potential against lithium is added.
        feeds: regions that exchange the carrier with the reservoir everywhere inside, as through a
            network outside the plane of the model, instead of those that touch the contact.
    """

    kind: Literal["reservoir"] = "reservoir"
    carrier: str
    electrochemical_potential: Annotated[
        float | Neutral | Literal["open-circuit"],
        UnitValue("eV", words=("neutral", "open-circuit")),
    ] = "neutral"
    potential: Annotated[float | Neutral, UnitValue("V", words=("neutral",))] | None = None
    kinetics: TransferLaw | None = None
    compact_capacitance: Capacitance | None = None
    electrode: str = "Li"
    feeds: tuple[str, ...] = ()

    @field_validator("electrode")
    @classmethod
    def _known(cls, electrode: str) -> str:
        if electrode != "Li":
            reference_electrode(electrode)
        return electrode

    @model_validator(mode="after")
    def _layer_needs_potential(self) -> "ReservoirContact":
        if self.feeds and self.kinetics is not None:
            raise ValueError(
                "a reservoir that feeds regions has no kinetics; remove one of the two"
            )
        if self.potential is None:
            if self.compact_capacitance is not None:
                raise ValueError(
                    "a compact layer needs the potential of the electrode; give potential"
                )
            if self.kinetics is not None:
                raise ValueError(
                    "kinetics needs the potential of the electrode, so that its double layer can "
                    "charge; give potential, e.g. neutral (no charge at rest)"
                )
        return self


class BlockingContact(InputModel):
    """An outer side that nothing crosses (the default), with or without a fixed charge.

    Attributes:
        surface_charge: fixed charge on the side [C/m2].
    """

    kind: Literal["blocking"] = "blocking"
    surface_charge: SurfaceCharge = 0.0


ContactLaw = PotentialContact | ReservoirContact | BlockingContact
"""The closed family of laws on outer sides."""


def _kind_by_name(value: Any) -> Any:
    """Accept the bare name of a law that needs no parameters."""
    return {"kind": value} if isinstance(value, str) else value


Contact = Annotated[
    Annotated[ContactLaw, Field(discriminator="kind")],
    BeforeValidator(_kind_by_name, json_schema_input_type=Literal["blocking"] | ContactLaw),
]
"""A contact law as a run file writes it."""


def _charge(value: Any, info: ValidationInfo) -> float:
    """Read a charge; its unit follows from the coordinates of the run file."""
    context = info.context or {}
    unit = "C" if context.get("coordinates") == "axisymmetric" else "C/m"
    return parse(value, unit, require_units=bool(context.get("require_units")))


def _amount(value: Any, info: ValidationInfo) -> float | str:
    """Read an amount; its unit follows from the coordinates of the run file."""
    if value == "neutral":
        return "neutral"
    context = info.context or {}
    unit = "mol" if context.get("coordinates") == "axisymmetric" else "mol/m"
    return parse(value, unit, require_units=bool(context.get("require_units")))


class Conserved(InputModel):
    """A closed amount of a carrier in parts of the model that no reservoir reaches.

    Attributes:
        carrier: the carrier.
        regions: the regions the closed parts consist of; every connected part keeps its amount.
        amount: "neutral" (the amount of the neutral bulk), or a number of moles: per metre of
            depth [mol/m] in planar, in all [mol] in axisymmetric coordinates.
    """

    carrier: str
    regions: Annotated[tuple[str, ...], Field(min_length=1)]
    amount: Annotated[float | Neutral, BeforeValidator(_amount, json_schema_input_type=str)] = (
        "neutral"
    )


class Periodic(InputModel):
    """Two opposite sides that are the same line: potentials equal up to a constant jump.

    Attributes:
        sides: names of the two facet groups; the second is a translated copy of the first.
        potential_jump: potential of the second side minus that of the first [V]; the
            electrochemical potential of every carrier jumps along (z e times it).
    """

    sides: tuple[str, str]
    potential_jump: Potential = 0.0


class FloatingConductor(InputModel):
    """A region without carriers that is one equipotential with a given charge.

    Attributes:
        region: the region; its permittivity does not matter.
        charge: net charge of the region, [C/m] of depth (planar) or [C] (axisymmetric).
    """

    region: str
    charge: Annotated[float, BeforeValidator(_charge, json_schema_input_type=str)] = 0.0
