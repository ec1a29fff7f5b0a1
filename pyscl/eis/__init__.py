"""Analysis of impedance spectra, computed or measured: circuits, Kramers-Kronig, relaxation times.

Every function takes a `pyscl.spectrum.Spectrum`, anything else with `frequencies` [Hz] and
`impedance`, or a tuple of the two arrays. The sign convention is e^(+i w t): Im Z < 0 where the
response is capacitive. Fits of circuits need impedance.py (`pip install 'impedance>=1.7.1'`, the
extra `eis`).
"""

from pyscl.eis.circuits import CIRCUITS, Circuit, Parameter, find_circuit, parse_circuit
from pyscl.eis.data import Data
from pyscl.eis.files import read_csv, write_impedance_py, write_pyimpspec
from pyscl.eis.fit import CircuitFit, fit_circuit
from pyscl.eis.kramers_kronig import KramersKronig, kramers_kronig
from pyscl.eis.peaks import Peak
from pyscl.eis.relaxation_times import RelaxationTimes, relaxation_times

__all__ = [
    "CIRCUITS",
    "Circuit",
    "CircuitFit",
    "Data",
    "KramersKronig",
    "Parameter",
    "Peak",
    "RelaxationTimes",
    "find_circuit",
    "fit_circuit",
    "kramers_kronig",
    "parse_circuit",
    "read_csv",
    "relaxation_times",
    "write_impedance_py",
    "write_pyimpspec",
]
