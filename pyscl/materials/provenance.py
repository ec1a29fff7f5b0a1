"""Where the values of cards come from: sources, assumptions, and the references themselves."""

import builtins
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from pyscl.bibliography import citation, references
from pyscl.errors import InputError
from pyscl.materials.schema import InputModel, no_such
from pyscl.text import table
from pyscl.units import Temperature, parse

CARDS = Path(__file__).parent / "cards"
"""Folder of the cards; their sources are in `pyscl/references.bib`."""


RANGE_SEPARATOR = " .. "
"""Between the ends of a range in a `Provenance`."""


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
        pair: the pair of materials that set the value and its carrier, "LiCoO2|LLZO of Li", or "".
    """

    property: str
    value: str
    source: str | None = None
    assumption: bool = False
    temperature: str | None = None
    range: str | None = None
    note: str = ""
    pair: str = ""

    @builtins.property  # the field above hides the plain name
    def origin(self) -> str:
        """One word or key list for tables: the source, "user" or "assumption"."""
        return "assumption" if self.assumption else self.source or ""


Sources = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
"""Keys of references.bib; one key may stand alone."""


def known_sources(source: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys as they are; ValueError for one that is not in references.bib."""
    unknown = [key for key in source if key not in references()]
    if unknown:
        raise ValueError(no_such("source", unknown[0], list(references())))
    return source


class Sourced(InputModel):
    """Where something on a card comes from: a source, or an assumption with its reason.

    Attributes:
        temperature: temperature it holds at [K], or None.
        source: keys of references.bib, or none.
        assumption: why it was chosen although nobody measured it; empty if sourced.
        note: a remark.
    """

    temperature: Temperature | None = None
    source: Sources = ()
    assumption: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _sourced_or_assumed(self) -> Self:
        if not self.source and not self.assumption:
            raise ValueError("no source; give a key of references.bib or 'assumption: reason'")
        known_sources(self.source)
        return self

    def record(self, path: str, value: str, range_: str | None = None) -> Provenance:
        """Return the provenance of a value, as it is printed, under a dotted path."""
        return Provenance(
            property=path,
            value=value,
            source=", ".join(self.source) or None,
            assumption=bool(self.assumption),
            temperature=f"{self.temperature:g} K" if self.temperature is not None else None,
            range=range_,
            note=" ".join(part for part in (self.assumption, self.note) if part),
        )


class Property(Sourced):
    """One value of a card with its provenance.

    Attributes:
        value: the value, with its unit.
        range: lowest and highest value found, in the unit of the value, or None.
    """

    value: str | int | float
    range: tuple[str | int | float, str | int | float] | None = None

    def check_range(self, unit: str) -> None:
        """Raise InputError unless the value lies inside the range."""
        if self.range is None:
            return
        low, value, high = (parse(v, unit) for v in (self.range[0], self.value, self.range[1]))
        if not low <= value <= high:
            raise InputError(f"value {self.value} is outside its range {self.range}")

    def provenance(self, path: str) -> Provenance:
        """Return the provenance of this value under a dotted path."""
        spread = RANGE_SEPARATOR.join(str(v) for v in self.range) if self.range else None
        return self.record(path, str(self.value), spread)


def card_text(name: str, description: str, record: Sequence[Provenance], width: int) -> str:
    """Return a card as plain text: a table of its values, notes, and the sources in full."""
    head = ("property", "value", "T", "range", "source")
    rows = [(p.property, p.value, p.temperature or "-", p.range or "-", p.origin) for p in record]
    rule = tuple("-" * max(len(row[k]) for row in (head, *rows)) for k in range(len(head)))
    lines = [name, *textwrap.wrap(description, width), "", *table(head, [rule, *rows])]

    def paragraph(key: str, text: str) -> list[str]:
        return textwrap.wrap(
            f"{key}: {text}",
            width,
            initial_indent="  ",
            subsequent_indent="    ",
            break_long_words=False,
        )

    notes = [line for p in record if p.note for line in paragraph(p.property, p.note)]
    keys = {key for p in record if p.source for key in p.source.split(", ")}
    sources = [
        line for key in sorted(keys) for line in paragraph(key, citation(key, annotated=True))
    ]
    for title, part in (("Notes", notes), ("Sources", sources)):
        if part:
            lines += ["", title, *part]
    return "\n".join(lines)
