"""The certificate of a result: checks that do not believe the solver, and estimated errors."""

from pyscl.certificate.certificate import Certificate, ErrorEstimate
from pyscl.certificate.certify import METHODS, Method, certify
from pyscl.certificate.check import Check

__all__ = ["METHODS", "Certificate", "Check", "ErrorEstimate", "Method", "certify"]
