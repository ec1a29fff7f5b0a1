"""What to cite for a model or a solution: the sources of its materials and of its methods.

`bibtex(cited(solution))` is the BibTeX file of a calculation.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pyscl.bibliography import bibtex, citation, entry, references
from pyscl.boundaries import ButlerVolmer, Interface, ReservoirContact
from pyscl.materials import (
    Blakemore,
    FermiDiracHalf,
    Hysteresis,
    Johnson,
    Landau,
    LatticeGas,
    Material,
    NonIdeal,
    OpenCircuit,
    Provenance,
)

if TYPE_CHECKING:
    from pyscl.input import RunInput
    from pyscl.model import Model
    from pyscl.solution import Solution
    from pyscl.trajectory import Trajectory

__all__ = ["bibtex", "citation", "cited", "cited_by_run", "entry", "references"]

PROGRAM = ("pyscl", "eigen", "george1973", "karypis1998", "numpy2020", "scipy2020")
"""What every calculation stands on."""

TRANSPORT = ("scharfetter1969", "xuzikatanov1999")
NEWTON = ("deuflhard2004",)
TRANSIENT = ("hairer1996",)


def cited(thing: "Model | Solution | Trajectory | Any") -> list[str]:
    """Return the keys of what a calculation uses, each once: materials first, methods after.

    Args:
        thing: a `Model`, or what was computed with one: a `Solution`, a `Trajectory`.

    Returns:
        Keys of `pyscl/references.bib`.
    """
    has_model: Any = thing
    model: Model = getattr(has_model, "model", has_model)
    coatings = [law.coating.material for law in model.interfaces.values() if law.coating]
    holders = [*model.interfaces.values(), *model.contacts.values()]
    return _keys(
        [*model.materials.values(), *coatings],
        kinetics=any(isinstance(law, ButlerVolmer) for h in holders for law in _transfer(h)),
        transient=hasattr(thing, "series") or getattr(thing, "kind", "") == "transient",
        meshed=False,
    )


def cited_by_run(run: "RunInput | Mapping[str, Any]") -> list[str]:
    """Return the keys of what a run uses, each once: materials first, methods after.

    Args:
        run: the contents of a run file, or those of the `summary.json` of a run.
    """
    if isinstance(run, Mapping):
        data = run["input"]
        found = [
            Material.model_validate(given)
            for case in run["cases"].values()
            for given in case["materials"].values()
        ]
    else:
        data = run.model_dump(mode="json", by_alias=True)
        found = [m for name in (None, *run.variants) for m in run.materials(name).values()]
    coatings = [law["coating"] for law in data["interfaces"].values() if law.get("coating")]
    found += [Material.model_validate(coating["material"]) for coating in coatings]
    laws = (data["interfaces"], data["contacts"])
    return _keys(
        found,
        kinetics=_mentions(laws, "butler-volmer"),
        transient=any(study["kind"] == "transient" for study in data["studies"]),
        meshed=bool(data["mesh"].get("geometry")),
    )


def _keys(
    materials: Sequence[Material], *, kinetics: bool, transient: bool, meshed: bool
) -> list[str]:
    """Return sources of values, then of laws, then of methods, each once."""
    found = [key for material in materials for key in _of_material(material)]
    found += [key for material in materials for key in _of_laws(material)]
    if kinetics:
        found.append("newman2004")
    if any(material.carriers for material in materials):
        found += TRANSPORT
    if transient:
        found += TRANSIENT
    if meshed:
        found.append("gmsh2009")
    return list(dict.fromkeys([*found, *NEWTON, *PROGRAM]))


def _of_material(material: Material) -> Iterator[str]:
    """Yield the sources of the values of a material."""
    record: Iterable[Provenance] = material.provenance
    law = material.polarization
    if isinstance(law, Landau):
        record = [*record, *law.coefficients.provenance]
    known = references()
    for item in record:
        for key in (item.source or "").split(", "):
            if key in known:
                yield key


_STATISTICS: dict[type, tuple[str, ...]] = {
    LatticeGas: ("bikerman1942", "borukhov1997", "kilic2007"),
    NonIdeal: ("borukhov1997", "fritsch1980"),
    OpenCircuit: ("borukhov1997", "fritsch1980"),
    Blakemore: ("blakemore1982",),
    FermiDiracHalf: ("blakemore1982",),
}
_POLARIZATION: dict[type, tuple[str, ...]] = {
    Johnson: ("johnson1962",),
    Hysteresis: ("miller1990",),
}


def _of_laws(material: Material) -> Iterator[str]:
    """Yield the sources of the laws of a material."""
    for carrier in material.carriers:
        yield from _STATISTICS.get(type(carrier.statistics), ())
    if material.polarization is not None:
        yield from _POLARIZATION.get(type(material.polarization), ())


def _transfer(holder: object) -> list[Any]:
    if isinstance(holder, Interface):
        return list(holder.kinetics.values())
    return [holder.kinetics] if isinstance(holder, ReservoirContact) else []


def _mentions(data: Any, word: str) -> bool:
    """Return whether a text stands anywhere in nested data."""
    if isinstance(data, Mapping):
        return any(_mentions(value, word) for value in data.values())
    if isinstance(data, list | tuple):
        return any(_mentions(value, word) for value in data)
    return data == word
