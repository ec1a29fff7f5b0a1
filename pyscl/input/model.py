"""The contents of a run file. Nothing here knows the core or reads a mesh."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from pyscl.boundaries import (
    Conserved,
    Contact,
    ContactLaw,
    FloatingConductor,
    Interface,
    Periodic,
    ReservoirContact,
)
from pyscl.errors import InputError
from pyscl.input.mesh import MeshInput, Point
from pyscl.input.mistakes import Mistakes
from pyscl.input.studies import AnyStudy, EquilibriumStudy, StudyInput
from pyscl.input.study_checks import check_studies
from pyscl.linear import LinearSolverName
from pyscl.materials import Landau, Material, apply_pairs
from pyscl.materials.choice import RegionMaterial
from pyscl.materials.offsets import is_between, regions_left_out
from pyscl.materials.pairs import PairInput
from pyscl.materials.schema import InputModel, Location, no_such
from pyscl.units import SurfaceCharge, Temperature


class CutLine(InputModel):
    """A straight line along which fields are reported; keys "from" and "to" in the file."""

    start: Annotated[Point, Field(alias="from")]
    end: Annotated[Point, Field(alias="to")]
    points: Annotated[int, Field(ge=2)] = 400


FigureFormat = Literal["png", "pdf", "svg"]
_FORMATS = get_args(FigureFormat)


class OutputInput(InputModel):
    """What a run writes besides the fields.

    Attributes:
        cuts: cut lines by name.
        figures: whether pictures are drawn (as PNG), or the formats in which they are: "png",
            "pdf", "svg".
        reference: the variant the others are compared with (promotion = 1 - R / R_reference).
    """

    cuts: dict[str, CutLine] = Field(default_factory=dict)
    figures: bool | tuple[FigureFormat, ...] = True
    reference: str | None = None

    @property
    def formats(self) -> tuple[FigureFormat, ...]:
        """The formats of pictures; none where none are drawn."""
        if isinstance(self.figures, bool):
            return ("png",) if self.figures else ()
        return tuple(dict.fromkeys(self.figures))

    @field_validator("figures", mode="before")
    @classmethod
    def _formats(cls, figures: Any) -> Any:
        """Take one format without brackets; a mistake is one message, not one per kind of value."""
        listed = [figures] if isinstance(figures, str) and figures in _FORMATS else figures
        if isinstance(listed, bool):
            return listed
        if isinstance(listed, list | tuple):
            for name in listed:
                if name not in _FORMATS:
                    raise ValueError(no_such("figure format", str(name), list(_FORMATS)))
            return tuple(listed)
        raise ValueError(
            "expected true or false, or a list of the formats png, pdf, svg, e.g. [png, pdf]"
        )


class RunInput(InputModel):
    """A run file: mesh, materials of the regions, interfaces, contacts, studies, output.

    Attributes:
        title: headline of the results.
        temperature: [K].
        coordinates: "planar" (per metre of depth) or "axisymmetric" (r, z).
        mesh: a mesh file, or a geometry to be meshed.
        regions: material by region name.
        pairs: pairs of materials whose steps set the standard potentials of the regions, in every
            variant.
        interfaces: by "a|b", names sorted; unnamed ones let every shared carrier pass.
        contacts: by outer boundary group; unnamed boundaries are symmetric and block.
        conserved: closed amounts of carriers.
        periodic: pairs of boundary groups joined periodically.
        floating: regions that are equipotentials with a given charge.
        fixed_polarization: by region, both components [C/m2] of a polarization beside the law of
            its material, which does not depend on the field.
        variants: by name, the regions whose material differs from `regions`.
        studies: in the order in which they are run.
        linear_solver: which factorises the matrices of the studies: "built-in", "pardiso",
            "mumps", or "auto"; by default that of the caller, which is "built-in" for `pyscl run`.
        output: what is written.
    """

    title: str = ""
    temperature: Temperature = 298.15
    coordinates: Literal["planar", "axisymmetric"] = "planar"
    mesh: MeshInput
    regions: Annotated[dict[str, RegionMaterial], Field(min_length=1)]
    pairs: tuple[PairInput, ...] = ()
    interfaces: dict[str, Interface] = Field(default_factory=dict)
    contacts: dict[str, Contact] = Field(default_factory=dict)
    conserved: tuple[Conserved, ...] = ()
    periodic: tuple[Periodic, ...] = ()
    floating: tuple[FloatingConductor, ...] = ()
    fixed_polarization: dict[str, tuple[SurfaceCharge, SurfaceCharge]] = Field(default_factory=dict)
    variants: dict[str, dict[str, RegionMaterial]] = Field(default_factory=dict)
    studies: Annotated[tuple[StudyInput, ...], Field(min_length=1)] = (EquilibriumStudy(),)
    linear_solver: LinearSolverName | None = None
    output: OutputInput = OutputInput()

    def materials(self, variant: str | None = None) -> dict[str, Material]:
        """Return the material of every region, for the base run or one of the variants.

        The steps of `pairs` are applied.
        """
        if variant is not None and variant not in self.variants:
            raise InputError(no_such("variant", variant, list(self.variants)))
        given = self.regions if variant is None else {**self.regions, **self.variants[variant]}
        return apply_pairs(given, self.pairs, partial=True)

    def lost_pairs(self) -> list[str]:
        """Return a sentence for every variant in which a region loses the step of its pair."""
        cases = {f"variant '{v}'": {**self.regions, **new} for v, new in self.variants.items()}
        return regions_left_out(self.pairs, {"regions": self.regions, **cases})

    @field_validator("regions")
    @classmethod
    def _stable(cls, regions: dict[str, Material], info: ValidationInfo) -> dict[str, Material]:
        if "temperature" in info.data:
            check = Mistakes()
            _check_landau(check, (), regions, info.data["temperature"])
            check.done()
        return cls._named(regions)

    @staticmethod
    def _named(regions: dict[str, Material]) -> dict[str, Material]:
        return {k: m if m.name else m.model_copy(update={"name": k}) for k, m in regions.items()}

    @model_validator(mode="after")
    def _sizes_of_regions(self) -> Self:
        check = Mistakes()
        for key in ("resolve", "along", "bulk"):
            by_region = getattr(self.mesh.sizes, key)
            for name in by_region if isinstance(by_region, dict) else ():
                place = ("mesh", "sizes", key, name)
                check.name("region", name, self.regions, place, at_key=True)
        check.done()
        return self

    @model_validator(mode="after")
    def _pairs_fit(self) -> Self:
        check = Mistakes()
        cases = [{**self.regions, **changes} for changes in ({}, *self.variants.values())]
        place: Location = ("pairs",)
        try:
            for i, choice in enumerate(self.pairs):
                if not any(is_between(choice, case) for case in cases):
                    place = ("pairs", i)
                    apply_pairs(self.regions, [choice])  # says what is missing
            for case in cases if self.pairs else ():
                apply_pairs(case, self.pairs, partial=True)
        except InputError as error:
            check.fail(place, str(error), at_key=False)
        check.done()
        return self

    @field_validator("interfaces")
    @classmethod
    def _between_regions(
        cls, interfaces: dict[str, Interface], info: ValidationInfo
    ) -> dict[str, Interface]:
        regions = info.data.get("regions")
        if regions is None:
            return interfaces
        check, result = Mistakes(), {}
        for key, interface in interfaces.items():
            names = sorted(part.strip() for part in key.split("|"))
            if len(names) != 2 or names[0] == names[1]:
                check.fail((key,), f"'{key}' names no interface; write 'region|other region'")
                continue
            for name in names:
                check.name("region", name, regions, (key,), at_key=True)
            if "|".join(names) in result:
                check.fail((key,), f"the interface {'|'.join(names)} is given twice")
            shared = [_carrier_names(regions[n]) for n in names if n in regions]
            allowed = set(shared[0]).intersection(*shared[1:]) if shared else set()
            for i, name in enumerate(interface.blocking):
                check.name("shared carrier", name, allowed, (key, "blocking", i))
            for name in interface.kinetics:
                place = (key, "kinetics", name)
                check.name("shared carrier", name, allowed, place, at_key=True)
            as_written = [part.strip() for part in key.split("|")]
            result["|".join(names)] = interface if as_written == names else interface.mirrored()
        check.done()
        return result

    @field_validator("contacts")
    @classmethod
    def _carriers_exist(
        cls, contacts: dict[str, ContactLaw], info: ValidationInfo
    ) -> dict[str, ContactLaw]:
        check, carriers = Mistakes(), _all_carriers(info)
        for name, contact in contacts.items():
            if isinstance(contact, ReservoirContact) and carriers is not None:
                check.name("carrier", contact.carrier, carriers, (name, "carrier"))
        check.done()
        return contacts

    @field_validator("conserved")
    @classmethod
    def _inventories_exist(
        cls, conserved: tuple[Conserved, ...], info: ValidationInfo
    ) -> tuple[Conserved, ...]:
        check, regions = Mistakes(), info.data.get("regions")
        if regions is None:
            return conserved
        for i, inventory in enumerate(conserved):
            for j, name in enumerate(inventory.regions):
                check.name("region", name, regions, (i, "regions", j))
                if name in regions and inventory.carrier not in _carrier_names(regions[name]):
                    message = no_such("carrier", inventory.carrier, _carrier_names(regions[name]))
                    check.fail(
                        (i, "carrier"),
                        message.replace(";", f" in region '{name}';", 1),
                        at_key=False,
                    )
        check.done()
        return conserved

    @field_validator("floating")
    @classmethod
    def _conductors_exist(
        cls, floating: tuple[FloatingConductor, ...], info: ValidationInfo
    ) -> tuple[FloatingConductor, ...]:
        check, regions = Mistakes(), info.data.get("regions")
        if regions is None:
            return floating
        for i, conductor in enumerate(floating):
            check.name("region", conductor.region, regions, (i, "region"))
        check.done()
        return floating

    @field_validator("fixed_polarization")
    @classmethod
    def _polarized_regions_exist(
        cls, given: dict[str, tuple[float, float]], info: ValidationInfo
    ) -> dict[str, tuple[float, float]]:
        check, regions = Mistakes(), info.data.get("regions")
        if regions is None:
            return given
        for region in given:
            check.name("region", region, regions, (region,), at_key=True)
        check.done()
        return given

    @field_validator("variants")
    @classmethod
    def _variants_of_regions(
        cls, variants: dict[str, dict[str, Material]], info: ValidationInfo
    ) -> dict[str, dict[str, Material]]:
        check, regions = Mistakes(), info.data.get("regions")
        if regions is None:
            return variants
        for variant, changes in variants.items():
            for name in changes:
                check.name("region", name, regions, (variant, name), at_key=True)
            if "temperature" in info.data:
                _check_landau(check, (variant,), changes, info.data["temperature"])
        check.done()
        return {variant: cls._named(changes) for variant, changes in variants.items()}

    @field_validator("studies", mode="wrap")
    @classmethod
    def _studies_fit(
        cls, given: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> tuple[AnyStudy, ...]:
        studies: tuple[AnyStudy, ...] = handler(given)
        contacts, coordinates = info.data.get("contacts"), info.data.get("coordinates")
        if contacts is not None and coordinates is not None:
            carriers, laws = _carriers_by_region(info), _laws_by_region(info)
            check_studies(studies, given, contacts, carriers, coordinates, laws)
        return studies

    @field_validator("output")
    @classmethod
    def _reference_exists(cls, output: OutputInput, info: ValidationInfo) -> OutputInput:
        variants = info.data.get("variants")
        if output.reference is not None and variants is not None:
            check = Mistakes()
            check.name("variant", output.reference, variants, ("reference",))
            check.done()
        return output


def _check_landau(
    check: Mistakes, place: Location, materials: dict[str, Material], temperature: float
) -> None:
    """Add a mistake for every Landau energy that has no lower bound at the temperature [K]."""
    for region, material in materials.items():
        if not isinstance(law := material.polarization, Landau):
            continue
        try:
            law.polynomial(temperature)
        except InputError as error:
            inner = (*place, region, "polarization", "coefficients")
            check.fail(inner, str(error), at_key=False)


def _carrier_names(material: Material) -> list[str]:
    return [carrier.name for carrier in material.carriers]


def _carriers_by_region(info: ValidationInfo) -> dict[str, set[str]] | None:
    """Return the carriers of every region in any variant, or None if the regions are in error."""
    regions = info.data.get("regions")
    if regions is None:
        return None
    found = {region: set(_carrier_names(material)) for region, material in regions.items()}
    for changes in (info.data.get("variants") or {}).values():
        for region, material in changes.items():
            found[region].update(_carrier_names(material))
    return found


def _laws_by_region(info: ValidationInfo) -> dict[str, set[str]] | None:
    """Return the laws of polarization of every region in any variant, as `_carriers_by_region`."""
    regions = info.data.get("regions")
    if regions is None:
        return None
    found: dict[str, set[str]] = {region: set() for region in regions}
    for materials in (regions, *(info.data.get("variants") or {}).values()):
        for region, material in materials.items():
            if material.polarization is not None:
                found[region].add(material.polarization.law)
    return found


def _all_carriers(info: ValidationInfo) -> set[str] | None:
    """Return the carriers of all regions, or None if the regions are in error."""
    found = _carriers_by_region(info)
    return None if found is None else set().union(*found.values())
