"""Tables of spectra go out to other programs and come back unchanged."""

import numpy as np
import pytest

from pyscl import InputError
from pyscl.eis import fit_circuit, read_csv, write_impedance_py, write_pyimpspec
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
    data = read_csv(tmp_path / "spectrum.csv")
    assert (data.frequencies == FREQUENCIES).all()
    assert (data.impedance == IMPEDANCE).all()
    assert data.unit == "Ohm"


def test_the_own_table_with_contributions_is_read(tmp_path):
    SPECTRUM.write_csv(tmp_path / "spectrum.csv")
    data = read_csv(tmp_path / "spectrum.csv")
    assert data.frequencies == pytest.approx(FREQUENCIES, rel=1e-11)
    assert data.impedance == pytest.approx(IMPEDANCE, rel=1e-11)
    assert data.unit == "Ohm m"
    fit = fit_circuit(data, "R-RC")
    assert fit.units == ("Ohm m", "Ohm m", "F/m")


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
        "Pt\tTime\tFreq\tZreal\tZimag\tZmod\n#\ts\tHz\tohm\tohm\tohm\n"
        "0\t1\t10\t8\t-2\t0\n1\t2\t1\t10\t-5\t0\n",
        "Freq(Hz),Z'(a),Z''(b)\n1,10,-5\n10,8,-2\n",
        "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm,|Z|/Ohm\n1,10,5,0\n10,8,2,0\n",
    ],
    ids=[
        "plain",
        "spaces",
        "commas",
        "tabs",
        "pyimpspec",
        "quoted",
        "modulus",
        "windows",
        "Gamry",
        "ZView",
        "BioLogic",
    ],
)
def test_tables_of_other_programs_are_read(text, tmp_path):
    (tmp_path / "data.csv").write_text(text, encoding="utf-8")
    data = read_csv(tmp_path / "data.csv")
    assert data.frequencies.tolist() == [1.0, 10.0]
    assert data.impedance == pytest.approx([10 - 5j, 8 - 2j], rel=1e-14)
    assert data.unit == "Ohm"


@pytest.mark.parametrize(
    ("head", "frequency", "z", "unit"),
    [
        ("frequency [kHz],Re Z [Ohm],Im Z [Ohm]", 2000.0, 3 - 0.5j, "Ohm"),
        ("f (mHz),Z' / kΩ,Z'' / kOhm", 0.002, 3000 - 500j, "Ohm"),
        ("f,Re Z [Ohm cm^2],Im Z [Ω·cm²]", 2.0, 3e-4 - 0.5e-4j, "Ohm m^2"),
        ("f,Re Z (Ohm m),Im Z (mOhm m)", 2.0, 3 - 0.5e-3j, "Ohm m"),
        ("f,Re Z (ohm.cm2),Im Z (ohm*cm**2)", 2.0, 3e-4 - 0.5e-4j, "Ohm m^2"),
        ("frequency in kHz,Z_re_ohm,Imaginary part MOhm", 2000.0, 3 - 0.5e6j, "Ohm"),
        ("FREQ [HZ],RE [OHMS],IM [OHM]", 2.0, 3 - 0.5j, "Ohm"),
        ("f,|Z|,Phase [rad]", 2.0, 3 * np.exp(-0.5j), "Ohm"),
        ("f,|Z| / kOhm,Phase angle (Deg.)", 2.0, 3000 * np.exp(-0.5j * np.pi / 180), "Ohm"),
        ("f,|Z|,phase/°", 2.0, 3 * np.exp(-0.5j * np.pi / 180), "Ohm"),
    ],
)
def test_units_in_the_head_count(head, frequency, z, unit, tmp_path):
    (tmp_path / "data.csv").write_text(f"{head}\n2,3,-0.5\n4,2,-0.25\n", encoding="utf-8")
    data = read_csv(tmp_path / "data.csv")
    assert data.frequencies[0] == pytest.approx(frequency, rel=1e-14)
    assert data.impedance[0] == pytest.approx(z, rel=1e-14)
    assert data.unit == unit


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
        ("omega,Re,Im\n1,2,-3\n", "are omega, Re, Im; needed"),
        ("f [rad/s],Re,Im\n1,2,-3\n", "column 'f .rad/s.' .* no unit of it; write Hz"),
        ("f [1 kHz],Re,Im\n1,2,-3\n", "'1 kHz' is no unit of it"),
        ("f,Re Z [S],Im Z [S]\n1,2,-3\n", "column 'Re Z .S.' .* 'S' is no unit of it"),
        ("f,Re Z [Ohm/cm],Im Z\n1,2,-3\n", "'Ohm/cm' is no unit of it"),
        ("f,|Z|,phase [s]\n1,2,-3\n", "'s' is no unit of it; write deg or rad"),
        ("f kilohertz-ish,Re,Im\n1,2,-3\n", "'kilohertz-ish' is no unit"),
        ("f,Re Z [Ohm m],Im Z\n1,2,-3\n", "are in Ohm and Ohm m; they need units of one kind"),
        ("1,9,1\n2,8,3\n3,7,3\n4,4,3\n5,3,1\n", "wrong sign.*call the column '-Im Z'"),
    ],
)
def test_unusable_tables_are_refused(text, message, tmp_path):
    (tmp_path / "data.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_csv(tmp_path / "data.csv")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv' cannot be read"):
        read_csv(tmp_path / "none.csv")
