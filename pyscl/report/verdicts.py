"""What the certificates of runs say about a study: its verdict and its estimated errors."""

from collections.abc import Sequence
from typing import Any

from pyscl.report.runs import Column, Run


def entry_of(runs: Sequence[Run], column: Column) -> dict[str, Any]:
    """Return the part of the certificate about a study; empty without one."""
    cases = (runs[column.run].folder.certificate or {}).get("cases", {})
    found: dict[str, Any] = cases.get(column.case, {}).get(column.study, {})
    return found


def failed_checks(runs: Sequence[Run], column: Column) -> list[str]:
    """Return the names of the checks that a study failed, each once."""
    checks = entry_of(runs, column).get("checks", ())
    return list(dict.fromkeys(check["name"] for check in checks if check["status"] == "failed"))


def ended_early(column: Column) -> str | None:
    """Return why a protocol was not carried out to its end; None if it was, or there is none."""
    if column.summary.get("status") == "ended early":
        return str(column.summary.get("reason") or "no reason is recorded")
    return None


def error_of(runs: Sequence[Run], column: Column, quantity: str, place: str = "") -> float | None:
    """Return the estimated error of discretisation of a quantity, in its unit.

    Args:
        runs: the runs of the page.
        column: the study.
        quantity: its name in the certificate, such as "effective resistance".
        place: beginning of the place it belongs to.
    """
    for estimate in entry_of(runs, column).get("estimates", ()):
        if estimate.get("quantity") == quantity and estimate.get("place", "").startswith(place):
            error = estimate.get("error")
            return None if error is None else abs(float(error))
    return None
