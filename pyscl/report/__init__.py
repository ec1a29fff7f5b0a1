"""One self-contained HTML page about runs: numbers, certificate, fields, pictures, inputs."""

from pyscl.report.page import report

__all__ = ["report"]
