"""The one BibTeX file of pyscl: sources of the cards, of the methods, and of the documentation."""

import functools
import re
from collections.abc import Iterable
from pathlib import Path

from pyscl.errors import InputError, suggestion

BIBTEX = Path(__file__).parent / "references.bib"
"""The file.

Two fields are those of pyscl: "annotation" says how much of a source was read, or "method: ..."
what it is cited for, and "unknown" lists the facts that were not found.
"""

_OWN = re.compile(r"\n\s*(?:annotation|unknown)\s*=\s*\{.*?\},?(?=\n)", re.DOTALL)

_ENTRY = re.compile(r"@(\w+)\{([^,\s]+),(.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"(\w+)\s*=\s*\{(.*?)\}\s*(?:,|$)", re.DOTALL)


@functools.cache
def references() -> dict[str, dict[str, str]]:
    """Return the entries by key, each a dict of its fields, and "type" ("article", "misc")."""
    return {
        match[2]: {"type": match[1].lower()}
        | {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(match[3])}
        for match in _ENTRY.finditer(_text())
    }


def entry(key: str) -> dict[str, str]:
    """Return the fields of one entry; InputError with the nearest key if there is none."""
    found = references().get(key)
    if found is None:
        raise InputError(f"no source '{key}' in {BIBTEX.name};{suggestion(key, references())}")
    return found


def unknown_facts(key: str) -> list[str]:
    """Return the fields of an entry that were not found; InputError for an unknown key."""
    return [name.strip() for name in entry(key).get("unknown", "").split(",") if name.strip()]


def citation(key: str, *, annotated: bool = False) -> str:
    """Return one reference as a line of plain text; InputError for an unknown key.

    Args:
        key: of the entry.
        annotated: add how much of the source was read.
    """
    found = entry(key)
    names = ("author", "title", "journal", "publisher", "volume", "pages", "year", "note")
    parts = [found.get(name, "") for name in names]
    lacking = unknown_facts(key)
    parts.append(f"({', '.join(lacking)} not found)" if lacking else "")
    link = f"doi:{found['doi']}" if "doi" in found else found.get("url", "")
    read = f"[{found['annotation']}]" if annotated and "annotation" in found else ""
    text = ", ".join(part for part in (*parts, link) if part) + (f" {read}" if read else "")
    return re.sub(r"[{}\\]", "", text)


def bibtex(keys: Iterable[str]) -> str:
    """Return the BibTeX entries of the keys, each once, in the order given.

    What only pyscl needs is left out; facts that were not found are named in a comment above the
    entry, which BibTeX skips.

    Raises:
        InputError: an unknown key.
    """
    texts = {match[2]: match[0] for match in _ENTRY.finditer(_text())}
    wanted = dict.fromkeys(keys)
    for key in wanted:
        entry(key)
    return "\n\n".join(_exported(key, texts[key]) for key in wanted) + ("\n" if wanted else "")


def _exported(key: str, text: str) -> str:
    lacking = unknown_facts(key)
    comment = f"% {key}: {', '.join(lacking)} not found, please complete\n" if lacking else ""
    return comment + _OWN.sub("", text)


@functools.cache
def _text() -> str:
    return BIBTEX.read_text(encoding="utf-8")
