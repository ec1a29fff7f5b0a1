"""Tables of spectra go out to other programs and come back unchanged."""

import numpy as np
import pytest

from pyscl import InputError
from pyscl.eis import read_csv, write_impedance_py, write_pyimpspec
from pyscl.spectrum import Contribution, Spectrum

FREQUENCIES = np.logspace(-2, 7, 19)
IMPEDANCE = 10 + 100 / (1 + 2j * np.pi * FREQUENCIES * 1e-4)
SPECTRUM = Spectrum(
    None,
    "left",
    None,
    (),
    FREQUENCIES,
    IMPEDANCE,
    "Ohm m",
    1.0,
    (Contribution("bulk", "electrolyte", 0.5 * IMPEDANCE),),
)


def test_impedance_py_reads_what_is_written_for_it(tmp_path):
    from impedance.preprocessing import readCSV

    write_impedance_py(SPECTRUM, tmp_path / "spectrum.csv")
    f, z = readCSV(str(tmp_path / "spectrum.csv"))
    assert (f == FREQUENCIES).all()
    assert (z == IMPEDANCE).all()


def test_pyimpspec_gets_names_that_it_knows(tmp_path):
    """Names it looks for begin with frequency, real, imaginary (checked with pyimpspec 5.1.3)."""
    write_pyimpspec(SPECTRUM, tmp_path / "spectrum.csv")
    lines = (tmp_path / "spectrum.csv").read_text().splitlines()
    assert lines[0] == "frequency [Hz],real [Ohm m],imaginary [Ohm m]"
    assert len(lines) == 20


@pytest.mark.parametrize("write", [write_impedance_py, write_pyimpspec])
def test_tables_come_back_unchanged(write, tmp_path):
    write((FREQUENCIES, IMPEDANCE), tmp_path / "spectrum.csv")
    f, z = read_csv(tmp_path / "spectrum.csv")
    assert (f == FREQUENCIES).all()
    assert (z == IMPEDANCE).all()


def test_the_own_table_with_contributions_is_read(tmp_path):
    SPECTRUM.write_csv(tmp_path / "spectrum.csv")
    f, z = read_csv(tmp_path / "spectrum.csv")
    assert f == pytest.approx(FREQUENCIES, rel=1e-11)
    assert z == pytest.approx(IMPEDANCE, rel=1e-11)


@pytest.mark.parametrize(
    "text",
    [
        "1,10,-5\n10,8,-2\n",
        "# a measurement\n\n10 8 -2\n1 10 -5\n",
        "freq/Hz;Z' / Ohm;-Z'' / Ohm\n10,0;8,0;2,0\n1,0;10,0;5,0\n",
        "Index\tFrequency (Hz)\tZre (ohm)\t-Zim (ohm)\tTime\n1\t10\t8\t2\tx\n2\t1\t10\t5\ty\n",
        "f (Hz),Re(Z) (ohm),Im(Z) (ohm),Mod(Z) (ohm),Phase(Z) (deg.)\n1,10,-5,0,0\n10,8,-2,0,0\n",
        'f [Hz],"Im Z, measured",Re Z\n1,-5,10\n10,-2,8\n',
        "Frequency,|Z|,Phase\n1,11.180339887498949,-26.565051177077990\n"
        "10,8.2462112512353212,-14.036243467926479\n",
        "\ufeff1,10,-5\r\n10,8,-2\r\n",
    ],
    ids=["plain", "spaces", "commas", "tabs", "pyimpspec", "quoted", "modulus", "windows"],
)
def test_tables_of_other_programs_are_read(text, tmp_path):
    (tmp_path / "data.csv").write_text(text, encoding="utf-8")
    f, z = read_csv(tmp_path / "data.csv")
    assert f.tolist() == [1.0, 10.0]
    assert z == pytest.approx([10 - 5j, 8 - 2j], rel=1e-14)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("frequency,Re,Im\n", "holds no numbers"),
        ("frequency,voltage\n1,2\n", "are frequency, voltage; needed are frequency with real"),
        ("1,2,-3\n10,x,-1\n", "line 2 of .*'x' is no number"),
        ("1,2,-3\n10,2\n", "line 2 of .* has 2 columns; at least 3"),
        ("1,2,nan\n10,2,-1\n", "at position 0; leave out"),
        ("1,2,-3\n1,2,-3\n", "occurs twice"),
        ("1,2,0\n10,2,0\n", "the impedance is real"),
    ],
)
def test_unusable_tables_are_refused(text, message, tmp_path):
    (tmp_path / "data.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_csv(tmp_path / "data.csv")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv' cannot be read"):
        read_csv(tmp_path / "none.csv")
