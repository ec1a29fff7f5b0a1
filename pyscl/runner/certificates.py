"""The certificates of all studies of a run: `certificate.json`, and what is printed of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyscl.certificate import Certificate, Method, certify
from pyscl.certificate.check import failed, worst
from pyscl.runner.outcome import StudyOutcome
from pyscl.text import table

KEY_CHECKS = {
    "balance of charge": "",
    "Gauss closure": "",
    "residual of the carrier balance": "kT",
    "amount of the carrier": "",
    "conservation of the carrier over time": "",
    "equal currents at both ends": "",
    "equal currents over time": "",
    "elements per Debye length": "",
    "discretisation error": "",
}
"""Checks that a run prints, with their units."""


def certified(outcome: StudyOutcome, estimate: Method) -> Certificate:
    """Return the certificate of a study that was carried out.

    One that cannot be made has failed: a run never loses its results by it.

    Args:
        outcome: the study.
        estimate: of discretisation errors, see `certify`.
    """
    result = outcome.trajectory or outcome.spectrum or outcome.solution
    assert result is not None
    try:
        return certify(result, estimate=estimate)
    except Exception as error:  # after the solve, nothing may end the run
        text = f"It cannot be made: {type(error).__name__}: {error}"
        return Certificate((failed("certificate", text),))


def lines_of(certificate: Certificate, label: str) -> list[str]:
    """Return one line for a certificate, and a line for every check that failed or warned."""
    telling = [check for check in certificate.checks if check.status in ("failed", "warned")]
    return [
        f"{label}: certificate {certificate.headline}, {certificate.seconds:.2f} s",
        *(f"  {check}" for check in telling),
    ]


def key_lines(outcomes: Sequence[StudyOutcome], case: str) -> list[str]:
    """Return a short table of what counts most, a column per study of a case.

    Each entry is the worst value of its checks, with a mark where one warned or failed.
    """
    made = [(its.name, its.certificate) for its in outcomes if its.certificate]
    rows = [
        (f"{name} [{unit}]" if unit else name, *(_key(its, name) for _, its in made))
        for name, unit in KEY_CHECKS.items()
    ]
    rows = [row for row in rows if any(row[1:])]
    if not rows:
        return []
    return table(
        (f"checks of {case}" if case else "checks", *(f"{name}:" for name, _ in made)), rows
    )


def _key(certificate: Certificate, name: str) -> str:
    found = [c for c in certificate.named(name) if c.status != "not applicable"]
    if not found:
        return ""
    status = worst(c.status for c in found)
    values = [c.value for c in found if c.value is not None]
    if not values:
        return status
    least = "elements per" in name
    number = f"{min(values) if least else max(values):.2g}"
    return number if status == "passed" else f"{number} {status}"


def run_certificate(
    outcomes: Mapping[str, Sequence[StudyOutcome]], studies: Sequence[str]
) -> dict[str, Any]:
    """Return the contents of `certificate.json`.

    Args:
        outcomes: case -> studies that were begun.
        studies: names of all studies of the run.
    """
    cases = {}
    for case, done in outcomes.items():
        by_name = {outcome.name: outcome for outcome in done}
        cases[case] = {name: _certificate(by_name.get(name)).to_dict() for name in studies}
    status = worst(its["status"] for entries in cases.values() for its in entries.values())
    return {"status": status, "cases": cases}


def failing(certificate: Mapping[str, Any]) -> list[str]:
    """Return a line for every failed check in the contents of `certificate.json`."""
    return [
        f"{case}, {study}: {check['name']}"
        + (f" [{check['place']}]" if check["place"] else "")
        + f". {check['meaning']}"
        for case, studies in certificate["cases"].items()
        for study, entry in studies.items()
        for check in entry["checks"]
        if check["status"] == "failed"
    ]


def _certificate(outcome: StudyOutcome | None) -> Certificate:
    if outcome is None:
        text = "The study was not carried out, because one before it failed."
    elif outcome.certificate is not None:
        return outcome.certificate
    else:
        text = f"The solve failed: {outcome.error}"
    return Certificate((failed("convergence", text),))
