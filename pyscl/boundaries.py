"""What happens at interfaces between regions, at contacts, and what is held in closed parts."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo

from pyscl.materials.schema import InputModel
from pyscl.units import Potential, SurfaceCharge, UnitValue, parse

Neutral = Literal["neutral"]


class Interface(InputModel):
    """The facets between two regions. By default every shared carrier is in equilibrium.

    In equilibrium contact the electrochemical potential of a carrier is continuous; the step of
    its standard potential makes the built-in potential and the space charge layers.

    Attributes:
        surface_charge: fixed charge on the interface [C/m2].
        blocking: names of carriers that cannot cross.
    """

    surface_charge: SurfaceCharge = 0.0
    blocking: tuple[str, ...] = ()


class PotentialContact(InputModel):
    """An electrode with a fixed electric potential that blocks all carriers.

    Attributes:
        potential: electric potential [V].
    """

    kind: Literal["potential"] = "potential"
    potential: Potential


class ReservoirContact(InputModel):
    """A reservoir that fixes the electrochemical potential of one carrier.

    Attributes:
        carrier: the carrier it exchanges.
        electrochemical_potential: [eV]; "neutral": that of the neutral bulk of the adjacent
            region at zero electric potential.
        potential: electric potential [V]; "neutral": the one that makes the adjacent region
            neutral; None: not held (no surface charge).
    """

    kind: Literal["reservoir"] = "reservoir"
    carrier: str
    electrochemical_potential: Annotated[float | Neutral, UnitValue("eV", words=("neutral",))] = (
        "neutral"
    )
    potential: Annotated[float | Neutral, UnitValue("V", words=("neutral",))] | None = None


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
