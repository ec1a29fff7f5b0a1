"""What a run cites: models and data, as lines and as BibTeX."""

from collections.abc import Iterable, Sequence
from typing import Any

from pyscl.report.runs import Run
from pyscl.solution import Solution


def sources(runs: Sequence[Run], solutions: Iterable[Solution]) -> dict[str, Any]:
    """Return {"entries": [{"key", "text"}], "bibtex": text} of everything that was used."""
    from pyscl import citations

    keys: dict[str, None] = {}
    for run in runs:
        keys.update(dict.fromkeys(run.summary.get("citations", ())))
    for solution in solutions:
        keys.update(dict.fromkeys(citations.cited(solution)))
    known = [key for key in keys if key]
    entries = [{"key": key, "text": citations.citation(key)} for key in known]
    return {"entries": entries, "bibtex": citations.bibtex(known) if known else ""}
