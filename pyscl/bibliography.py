"""The one BibTeX file of pyscl: sources of the cards, of the methods, and of the documentation."""

import functools
import re
from collections.abc import Iterable
from pathlib import Path

from pyscl.errors import InputError, suggestion

BIBTEX = Path(__file__).parent / "references.bib"
"""The file; a "note" says how much of a source was read, or "method: ..." what it is cited for."""

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


def citation(key: str) -> str:
    """Return one reference as a line of plain text; InputError for an unknown key."""
    found = entry(key)
    names = ("author", "title", "journal", "publisher", "volume", "pages", "year")
    parts = [found.get(name, "") for name in names]
    link = f"doi:{found['doi']}" if "doi" in found else found.get("url", "")
    read = f"[{found['note']}]" if "note" in found else ""
    text = ", ".join(part for part in (*parts, link) if part) + (f" {read}" if read else "")
    return re.sub(r"[{}\\]", "", text)


def bibtex(keys: Iterable[str]) -> str:
    """Return the BibTeX entries of the keys, each once, in the order given.

    Raises:
        InputError: an unknown key.
    """
    texts = {match[2]: match[0] for match in _ENTRY.finditer(_text())}
    wanted = dict.fromkeys(keys)
    for key in wanted:
        entry(key)
    return "\n\n".join(texts[key] for key in wanted) + ("\n" if wanted else "")


@functools.cache
def _text() -> str:
    return BIBTEX.read_text(encoding="utf-8")
