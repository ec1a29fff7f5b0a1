"""Figures of impedance: equal axes, marks at decades, units, what is left out and said."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from pyscl import Carrier, Material, Model, PotentialContact, ReservoirContact, plot
from pyscl.eis import relaxation_times
from pyscl.errors import InputError
from pyscl.mesh import graded, strip
from pyscl.plot.curves import Curve
from pyscl.plot.labels import Room
from pyscl.plot.style import INK, LINES, raised, text_colour
from pyscl.spectrum import Contribution, Spectrum
from pyscl.study.arrhenius import arrhenius
from pyscl.study.mott_schottky import mott_schottky
from pyscl.text import frequency_text

F = np.logspace(-2.0, 9.0, 45)
AREA = 2e-9


def arc(resistance, capacitance, f=F):
    """Return the impedance of R || C."""
    return resistance / (1.0 + 2j * np.pi * f * resistance * capacitance)


def spectrum(parts, f=F, unit="Ohm m"):
    """Return a spectrum of parts {(kind, place): impedance times area}."""
    contributions = tuple(Contribution(k, p, z / AREA) for (k, p), z in parts.items())
    total = sum(c.values for c in contributions)
    return Spectrum(None, "left", "right", (), f, total, unit, AREA, contributions)


CELL = spectrum(
    {
        ("bulk", "electrolyte"): arc(2e-4, 1e-6),
        ("layer", "a|b"): arc(5e-4, 0.1),
        ("transfer", "a|b"): arc(3e-4, 3.0),
    }
)
BLOCKING = spectrum(
    {
        ("bulk", "electrolyte"): arc(2e-4, 1e-6),
        ("layer", "left"): 1.0 / (2j * np.pi * F * 0.1),
        ("layer", "right"): 1.0 / (2j * np.pi * F * 0.1),
    }
)


def texts(ax):
    return [t.get_text() for t in ax.texts]


def legend(figure):
    legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes)]
    return [t.get_text() for found in legends if found for t in found.get_texts()]


def lines(ax, marker="None"):
    """Return the curves, or the points with a marker, without the dashed line at zero."""
    return [x for x in ax.lines if x.get_marker() == marker and x.get_linestyle() != "--"]


# --- Nyquist ----------------------------------------------------------------------------------


def test_nyquist_has_equal_axes_and_is_per_area():
    (ax,) = plot.nyquist_plot(CELL).axes
    assert ax.get_aspect() == 1.0
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Re Z (Ω cm²)", "−Im Z (Ω cm²)")
    x, y = lines(ax)[0].get_data()
    assert (x.min(), x.max()) == pytest.approx((0.775, 10.0), rel=1e-3)  # 1 mOhm m2 = 10 Ohm cm2
    assert y.max() == pytest.approx(2.68, rel=0.01)
    assert ax.get_xlim()[0] < 0.0 < ax.get_ylim()[1]


def test_scales_of_both_axes_of_a_nyquist_plot_are_equal_in_the_file():
    figure = plot.nyquist_plot(CELL)
    (ax,) = figure.axes
    box = ax.get_window_extent()
    per_unit = box.width / np.ptp(ax.get_xlim()), box.height / np.ptp(ax.get_ylim())
    assert per_unit[0] == pytest.approx(per_unit[1], rel=1e-6)


def test_dots_lie_on_the_curve_at_decades():
    (ax,) = plot.nyquist_plot(CELL).axes
    (dots,) = lines(ax, "o")
    x, y = dots.get_data()
    f = 10.0 ** np.arange(-2, 10)
    exact = 1e4 * (arc(2e-4, 1e-6, f) + arc(5e-4, 0.1, f) + arc(3e-4, 3.0, f))
    np.testing.assert_allclose(x, exact.real, rtol=1e-3)
    np.testing.assert_allclose(y, -exact.imag, rtol=2e-3, atol=1e-3)
    named = {"1 GHz", "10 kHz", "1 kHz", "100 Hz"}
    assert named <= set(texts(ax))


def test_labels_cover_neither_each_other_nor_the_frame():
    figure = plot.nyquist_plot(CELL)
    (ax,) = figure.axes
    boxes = [t.get_window_extent() for t in ax.texts]
    assert len(boxes) >= 5
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])
    inside = ax.get_window_extent()
    assert all(inside.x0 <= b.x0 and b.x1 <= inside.x1 for b in boxes)


def test_a_blocking_spectrum_is_cut_and_says_how_far_it_goes():
    (ax,) = plot.nyquist_plot(BLOCKING).axes
    top = ax.get_ylim()[1]
    assert top <= 1.2 * np.ptp(ax.get_xlim())
    assert lines(ax)[0].get_ydata().max() > 1e4 * top
    assert "↑ to 10 mHz" in texts(ax)
    assert ax.get_xlim()[1] == pytest.approx(2.1, rel=0.01)  # the bulk, 2 Ohm cm2, is in sight


def test_a_range_of_frequencies_is_kept():
    (ax,) = plot.nyquist_plot(CELL, frequencies=(1e6, 1e9)).axes
    assert lines(ax)[0].get_xdata().max() == pytest.approx(2.0, rel=0.01)
    with pytest.raises(
        InputError, match=r"no frequency from 1e\+12 to 1e\+13 Hz; it goes from 0\.01"
    ):
        plot.nyquist_plot(CELL, frequencies=(1e12, 1e13))


def test_several_spectra_have_labels_and_data_are_points():
    data = (F[::3], CELL.area_specific[::3])
    several = {"with BaTiO3": CELL, "without": BLOCKING, "measured": data}
    figure = plot.nyquist_plot(several, unit="Ohm m^2")
    assert legend(figure) == ["with BaTiO3", "without", "measured"]
    (ax,) = figure.axes
    assert len(lines(ax)) == 2
    points = [x for x in lines(ax, "o") if x.get_markerfacecolor() == "white"]
    np.testing.assert_allclose(points[0].get_xdata(), 1e4 * data[1].real)


def test_anything_with_frequencies_and_impedance_is_drawn():
    found = SimpleNamespace(frequencies=F, impedance=CELL.impedance, unit="Ohm m")
    (ax,) = plot.nyquist_plot(found).axes
    assert ax.get_xlabel() == "Re Z (kΩ m)"
    (ax,) = plot.nyquist_plot({"fit": found, "model": CELL}, unit="Ohm m").axes
    first, second = lines(ax)
    np.testing.assert_allclose(first.get_xdata(), second.get_xdata())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no spectrum to draw"),
        ((F, F[:3]), "shape"),
        ((F, "text"), "is no spectrum"),
        (5.0, "is no spectrum"),
        ((-F, CELL.impedance), "frequencies <= 0"),
        ((F, CELL.impedance * np.nan), "not finite"),
        ({"a": CELL, "b": (F, CELL.impedance)}, "say the unit of the others"),
        (SimpleNamespace(frequencies=F[[0, 0]], impedance=F[:2] + 0j), "a frequency twice"),
    ],
)
def test_what_is_no_spectrum_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        plot.nyquist_plot(given)


def test_units_are_checked():
    with pytest.raises(InputError, match="no unit of an impedance 'Ohm s'"):
        plot.bode_plot(CELL, unit="Ohm s")
    with pytest.raises(InputError, match="the spectrum is in Ohm m, not in Ohm"):
        plot.bode_plot(CELL, unit="Ohm")


@pytest.mark.parametrize(
    "z",
    [5.0 + 0j * F, 1.0 / (2j * np.pi * F * 1e-6), arc(30.0, 1e-6) + 1000.0, 0.0 * F + 0j],
    ids=["resistor", "capacitor", "far from the origin", "nothing"],
)
def test_single_elements_have_a_picture(z, tmp_path):
    plot.save(plot.nyquist_plot((F, z)), tmp_path / "nyquist.png")
    if z.any():
        plot.save(plot.bode_plot((F, z)), tmp_path / "bode.png")


def test_a_spectrum_far_from_the_origin_fills_the_picture():
    (ax,) = plot.nyquist_plot((F, arc(30.0, 1e-6) + 1000.0)).axes
    assert ax.get_xlim()[0] > 990.0
    assert ax.get_xlabel() == "Re Z (Ω)"  # by the width of the picture, not by its place


def names(ax):
    """Return {(text, colour)} of an Axes."""
    return {(t.get_text(), to_hex(t.get_color())) for t in ax.texts}


def test_names_of_decades_have_the_colour_of_their_curve_or_belong_to_all():
    arcs = {  # the same bulk, different layers
        name: spectrum({("bulk", "a"): arc(2e-4, 1e-6), ("layer", "b"): arc(r, c)})
        for name, r, c in (("large", 6e-4, 0.1), ("small", 2e-4, 0.01))
    }
    (ax,) = plot.nyquist_plot(arcs).axes
    found = names(ax)
    large, small = (text_colour(colour) for colour in LINES[:2])
    assert {colour for _, colour in found} == {large, small, INK.lower()}
    assert ("1 GHz", INK.lower()) in found  # both curves are one there
    assert sum(text == "1 kHz" for text, _ in found) == 2
    assert all(t.get_color() == INK for t in plot.nyquist_plot(CELL).axes[0].texts)


@pytest.mark.parametrize(("share", "capacitance"), [(0.7, 0.4), (0.9, 0.05), (0.9, 0.4)])
def test_names_lie_nearer_to_their_own_mark_than_to_any_other(share, capacitance):
    far, near = arc(6e-4, 0.1) + 1e-4, arc(share * 6e-4, capacitance) + 1e-4
    figure = plot.nyquist_plot({"a": (F, far), "b": (F, near)}, unit="Ohm m^2", style="line")
    (ax,) = figure.axes
    figure.draw_without_rendering()
    marks = {}
    for dots, z in zip(lines(ax, "o"), (far, near), strict=True):
        places = ax.transData.transform(np.column_stack(dots.get_data()))
        marks[text_colour(dots.get_color())] = places
        np.testing.assert_allclose(dots.get_xdata()[0], 1e4 * z[0].real, rtol=1e-6)
    assert len(ax.texts) > 4
    for text in ax.texts:
        box = text.get_window_extent()
        low, high = (box.x0, box.y0), (box.x1, box.y1)
        apart = {
            colour: np.hypot(*(p - np.clip(p, low, high)).T).min() for colour, p in marks.items()
        }
        if text.get_color() != INK:
            assert min(apart, key=apart.get) == text.get_color(), text.get_text()


def test_every_curve_says_itself_how_far_it_goes_on():
    f = F[F > 1.0]
    shorter = spectrum({("bulk", "a"): arc(8e-4, 1e-6, f), ("layer", "l"): 5.0 / (1j * f)}, f)
    (ax,) = plot.nyquist_plot({"long": BLOCKING, "short": shorter, "arc": CELL}).axes
    first, second = (text_colour(colour) for colour in LINES[:2])
    ends = {name for name in names(ax) if name[0].startswith("↑")}
    assert ends == {("↑ to 10 mHz", first), (f"↑ to {frequency_text(f[0])}", second)}
    both = plot.nyquist_plot({"one": BLOCKING, "two": BLOCKING})
    assert [t for t in texts(both.axes[0]) if "↑" in t] == ["↑ to 10 mHz"]


def test_of_data_the_points_at_decades_are_marked_and_named():
    f = np.logspace(0.1, 5.1, 51)  # 1.26 Hz, 1.58 Hz, ..., 10 Hz as the tenth
    (ax,) = plot.nyquist_plot((f, arc(100.0, 1e-5, f))).axes
    given, marks = lines(ax, "o")
    np.testing.assert_allclose(marks.get_xdata(), given.get_xdata()[9::10], rtol=1e-12)
    assert "100 Hz" in texts(ax)
    sparse = np.array([2.0, 50.0, 3000.0])  # near no decade
    (ax,) = plot.nyquist_plot((sparse, arc(100.0, 1e-5, sparse))).axes
    assert texts(ax) == []
    twice = np.repeat(f, 2)  # two sweeps
    assert plot.bode_plot((twice, arc(100.0, 1e-5, twice)))
    assert plot.nyquist_plot((twice, arc(100.0, 1e-5, twice)))


def test_the_caller_chooses_lines_or_points():
    table = (F, CELL.area_specific)
    (ax,) = plot.nyquist_plot(table, unit="Ohm m^2", style="line").axes
    assert len(lines(ax)[0].get_xdata()) > 4 * len(F)  # smooth
    several = {"table": table, "model": CELL, "measured": table}
    style = {"table": "dashed", "model": "points"}
    upper, _ = plot.bode_plot(several, unit="Ohm m^2", style=style).axes
    assert [x.get_linestyle() for x in upper.lines] == ["--", "None", "None"]
    with pytest.raises(InputError, match="no spectrum 'modell'"):
        plot.bode_plot(several, unit="Ohm m^2", style={"modell": "line"})
    with pytest.raises(InputError, match=r"no style 'dotted' for a spectrum\. Allowed: dashed"):
        plot.bode_plot(CELL, style="dotted")


@pytest.mark.parametrize("unit", ["Ohm cm^2", "ohm*cm^2", "Ohm cm2", "Ω cm²"])
def test_impedance_per_square_centimetre_is_read_and_has_a_raised_exponent(unit):
    (ax,) = plot.nyquist_plot((F, 1e4 * CELL.area_specific), unit=unit, style="line").axes
    assert ax.get_xlabel() == "Re Z (Ω cm²)"
    assert lines(ax)[0].get_xdata().max() == pytest.approx(10.0, rel=1e-3)
    own = SimpleNamespace(frequencies=F, impedance=1e4 * CELL.area_specific, unit=unit)
    (ax,) = plot.nyquist_plot({"own": own, "model": CELL}).axes
    first, second = lines(ax)
    np.testing.assert_allclose(first.get_xdata(), second.get_xdata())


# --- interpolation and labels -----------------------------------------------------------------


def test_lines_are_smooth_between_few_points():
    f = np.logspace(0.0, 6.0, 19)  # three per decade
    curve = Curve("", f, arc(100.0, 1e-5, f) + 1.0 / (2j * np.pi * f), "Ohm", "k", "line")
    dense = curve.smooth()
    assert len(dense.frequencies) > 200
    exact = arc(100.0, 1e-5, dense.frequencies) + 1.0 / (2j * np.pi * dense.frequencies)
    np.testing.assert_allclose(dense.values, exact, rtol=3e-3)
    assert set(f) <= set(dense.frequencies)


def test_room_avoids_lines_and_other_texts():
    wall = np.array([[0.0, 1.15], [3.0, 1.15]])
    room = Room([wall], (0.0, 0.0, 3.0, 2.0))
    point = np.array([1.5, 1.0])
    places = [room.place(point, "1 kHz") for _ in range(8)]
    found = [p for p in places if p is not None]
    assert found
    assert all(y < 1.1 for _, y in found)  # below the wall
    assert len(set(found)) == len(found)
    assert places[-1] is None  # nothing is left


def test_room_leaves_the_neighbourhood_of_other_points():
    room = Room([np.zeros((1, 2))], (0.0, 0.0, 3.0, 2.0))
    point, other = np.array([1.5, 1.0]), np.array([[1.5, 1.2]])
    assert Room([np.zeros((1, 2))], (0.0, 0.0, 3.0, 2.0)).place(point, "1 kHz")[1] > 1.0
    _, y = room.place(point, "1 kHz", other)
    assert y <= 1.0


@pytest.mark.parametrize(
    ("unit", "text"),
    [("Ohm*cm^2", "Ω cm²"), ("Ohm cm2", "Ω cm²"), ("1/m^3", "1/m³"), ("V", "V"), ("Ohm", "Ω")],
)
def test_exponents_of_units_are_raised(unit, text):
    assert raised(unit) == text


@pytest.mark.parametrize(
    ("hertz", "text"),
    [
        (1e-7, "0.1 µHz"),
        (0.01, "10 mHz"),
        (999.99, "1 kHz"),
        (0.1 * 3, "300 mHz"),
        (2.5e9, "2.5 GHz"),
        (1e13, "10 THz"),
    ],
)
def test_frequencies_read_well(hertz, text):
    assert frequency_text(hertz) == text


# --- Bode and contributions -------------------------------------------------------------------


def test_bode_shows_modulus_and_phase():
    upper, lower = plot.bode_plot(BLOCKING).axes
    assert (upper.get_ylabel(), lower.get_ylabel()) == ("|Z| (Ω cm²)", "Phase (°)")
    assert upper.get_yscale() == "log"
    f, phase = lines(lower)[0].get_data()
    assert phase[0] == pytest.approx(-90.0, abs=0.01)
    at_points = phase[np.searchsorted(f, F)]
    np.testing.assert_allclose(at_points, np.degrees(np.angle(BLOCKING.impedance)), rtol=1e-9)
    assert lower.get_xlim() == pytest.approx((F[0], F[-1]))
    assert lower.get_ylim()[0] <= -90.0


def test_bode_shows_changes_against_a_reference():
    more = spectrum({("bulk", "a"): 1.07 * CELL.area_specific})
    half = F[F > 1e3]
    data = (half, 0.9 * np.interp(half, F, CELL.area_specific))
    several = {"blank": CELL, "control": more, "measured": data}
    figure = plot.bode_plot(several, unit="Ohm m^2", reference="blank")
    *_, changes = figure.axes
    assert changes.get_ylabel() == "Change of |Z| (%)"
    line, points, zero = changes.lines
    np.testing.assert_allclose(line.get_ydata(), 7.0, rtol=1e-9)
    np.testing.assert_allclose(points.get_xdata(), half)
    np.testing.assert_allclose(points.get_ydata(), -10.0, rtol=1e-9)
    assert zero.get_color() == LINES[0]
    assert legend(figure) == ["blank (reference)", "control", "measured"]
    *_, changes = plot.bode_plot(several, unit="Ohm m^2", reference="measured").axes
    np.testing.assert_allclose(changes.lines[0].get_xdata(), half)  # where it was measured
    assert len(plot.bode_plot(several, unit="Ohm m^2").axes) == 2


def test_equal_spectra_differ_by_nothing_that_can_be_seen():
    *_, changes = plot.bode_plot({"a": CELL, "b": CELL}, reference="a").axes
    assert changes.get_ylim() == (-1e-3, 1e-3)


def test_a_reference_needs_others():
    with pytest.raises(InputError, match="no spectrum 'c'"):
        plot.bode_plot({"a": CELL, "b": CELL}, reference="c")
    with pytest.raises(InputError, match="no spectrum beside the reference 'a'"):
        plot.bode_plot({"a": CELL}, reference="a")
    low, high = (F[:9], CELL.impedance[:9]), (F[20:], CELL.impedance[20:])
    with pytest.raises(InputError, match="no frequency in common"):
        plot.bode_plot({"low": low, "high": high}, reference="low")


def test_contributions_are_drawn_with_signs():
    part = {("bulk", "a"): arc(1e-3, 1e-6), ("layer", "left"): -1e-5 + 0j * F}
    small = {("layer", "right"): 1e-9 + 0j * F}
    figure = plot.contribution_plot(spectrum(part | small))
    assert legend(figure) == ["total", "bulk a", "layer left"]
    upper, _ = figure.axes
    dashed = [
        x for x in upper.lines if x.get_linestyle() == "--" and np.isfinite(x.get_ydata()).any()
    ]
    (layer,) = dashed
    np.testing.assert_allclose(layer.get_ydata()[0], 0.1)  # Ohm cm2
    assert upper.get_ylabel() == "Re Z (Ω cm²)"


def test_equal_contributions_share_a_line():
    figure = plot.contribution_plot(BLOCKING)
    assert legend(figure) == ["total", "bulk electrolyte", "layer left, right (each)"]
    colours = {to_hex(x.get_color()) for x in figure.axes[1].lines}
    assert len(colours) == 3


def test_a_spectrum_without_contributions_is_refused():
    empty = Spectrum(None, "left", None, (), F, CELL.impedance, "Ohm m", AREA)
    with pytest.raises(InputError, match="no contributions"):
        plot.contribution_plot(empty)


# --- relaxation times, Mott-Schottky, Arrhenius -------------------------------------------------


def test_relaxation_times_have_peaks_with_resistances():
    f = np.logspace(0.0, 6.0, 61)
    found = relaxation_times((f, arc(100.0, 1e-6, f) + arc(50.0, 1e-4, f)), samples=0)
    figure = plot.relaxation_time_plot(found)
    (ax,) = figure.axes
    assert ax.get_xscale() == "log"
    assert len([x for x in ax.lines if x.get_marker() == "o"]) == len(found.peaks) == 2
    assert sorted(float(t.split()[0]) for t in texts(ax)) == pytest.approx([50.0, 100.0], rel=0.03)
    assert all(t.endswith("Ω") for t in texts(ax))
    (above,) = ax.child_axes
    assert above.get_xlabel() == "Frequency 1/(2πτ) (Hz)"
    both = plot.relaxation_time_plot({"one": found, "two": found})
    assert legend(both) == ["one", "two"]
    assert texts(both.axes[0]) == []


@pytest.mark.parametrize("unit", ["Ohm cm^2", "ohm*cm2", "Ω cm²"])
def test_relaxation_times_have_the_unit_of_the_spectrum(unit):
    f = np.logspace(0.0, 6.0, 31)
    spectrum = SimpleNamespace(frequencies=f, impedance=arc(100.0, 1e-6, f), unit=unit)
    figure = plot.relaxation_time_plot(relaxation_times(spectrum, samples=0))
    assert figure.axes[0].get_ylabel() == "γ(ln τ) (Ω cm²)"


def test_marks_sit_on_the_tips_of_peaks_and_equal_curves_can_be_told_apart():
    f = np.logspace(0.0, 6.0, 61)
    skew = 100.0 / (1.0 + (2j * np.pi * f * 1e-3) ** 0.9) ** 0.6  # Havriliak and Negami
    found = relaxation_times((f, skew + arc(50.0, 1e-7, f)), samples=0)
    (ax,) = plot.relaxation_time_plot({"one": found, "two": found}).axes
    first, second = (x for x in ax.lines if x.get_marker() == "None")
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--")
    gamma = first.get_ydata()
    tops = gamma[1:-1][(gamma[1:-1] > gamma[:-2]) & (gamma[1:-1] >= gamma[2:])]
    marks = [x for x in ax.lines if x.get_marker() == "o"]
    assert len(marks) == 2 * len(found.peaks) >= 4
    for mark in marks:
        (height,) = mark.get_ydata()
        assert height in tops
        assert height == gamma[first.get_xdata() == mark.get_xdata()]
    assert marks[0].get_markersize() > marks[-1].get_markersize()


def test_relaxation_times_of_different_units_are_refused():
    f = np.logspace(0.0, 6.0, 31)
    other = SimpleNamespace(frequencies=f, impedance=arc(1.0, 1e-3, f), unit="Ohm m")
    several = {"a": relaxation_times((f, arc(1.0, 1e-3, f)), samples=0)}
    several["b"] = relaxation_times(other, samples=0)
    with pytest.raises(InputError, match="units Ohm, Ohm m"):
        plot.relaxation_time_plot(several)
    with pytest.raises(InputError, match="there is none"):
        plot.relaxation_time_plot({})


LITHIUM = Carrier(
    name="Li",
    charge=1,
    site_density=1e26,
    site_fraction=0.1,
    conductivity=0.1,
    activation_energy=0.3,
)


def layer(**contacts):
    material = Material(relative_permittivity=30.0, carriers=(LITHIUM,))
    mesh = strip(graded(30e-9, 0.2e-9, 1.2, 2e-9), width=1e-9)
    return Model(mesh, {"electrolyte": material}, contacts=contacts)


@pytest.fixture(scope="module")
def depleted():
    right = ReservoirContact(carrier="Li", potential="neutral")
    model = layer(left=PotentialContact(potential=0.0), right=right)
    return mott_schottky(model, "left", np.linspace(0.0, 0.6, 7), fit=(0.2, 0.6))


def test_mott_schottky_shows_capacitance_and_line(depleted):
    figure = plot.mott_schottky_plot(depleted)
    upper, lower = figure.axes
    assert upper.get_ylabel() == "Capacitance\n(µF/cm²)"
    assert lower.get_ylabel() == "1/C² (cm⁴/µF²)"
    points = next(x for x in lower.lines if x.get_marker() == "o")
    np.testing.assert_allclose(points.get_ydata(), (100.0 * depleted.curve.capacitance) ** -2.0)
    fitted = [x for x in lower.lines if x.get_marker() == "None" and len(x.get_xdata()) == 3]
    assert fitted[0].get_data()[0][0] == depleted.intercept
    assert fitted[0].get_data()[1][0] == 0.0
    assert "m$^{-3}$" in lower.get_title(loc="left")
    dashed = [x for x in lower.lines if list(x.get_xdata()) == [depleted.flat_band] * 2]
    assert len(dashed) == 1


def test_mott_schottky_draws_curves_and_data_without_a_line(depleted, tmp_path):
    curve = depleted.curve
    for given in (curve, (curve.biases, curve.capacitance)):
        figure = plot.mott_schottky_plot(given)
        assert len(figure.axes[1].lines) == 1
        plot.save(figure, tmp_path / "mott_schottky.png")
    with pytest.raises(InputError, match="shape"):
        plot.mott_schottky_plot((curve.biases, curve.capacitance[:2]))
    with pytest.raises(InputError, match="no capacitance zero"):
        plot.mott_schottky_plot((curve.biases, 0.0 * curve.capacitance))


def test_arrhenius_shows_every_unit_on_its_own_axes():
    held = ReservoirContact(carrier="Li", potential="neutral")
    result = arrhenius(layer(left=held, right=held), (280.0, 300.0, 320.0), contact="left")
    figure = plot.arrhenius_plot(result)
    upper, lower = figure.axes
    assert upper.get_ylabel() == "σT (S K/cm)"
    assert lower.get_ylabel() == "T/R (K/(Ω m))"
    assert legend(figure) == ["Bulk of electrolyte, Li: 0.300 eV", "Total from left: 0.300 eV"]
    points = next(x for x in upper.lines if x.get_marker() == "o")
    np.testing.assert_allclose(points.get_xdata(), 1e3 / result.temperatures)
    line = next(x for x in upper.lines if x.get_marker() == "None")
    np.testing.assert_allclose(line.get_ydata(), points.get_ydata()[[0, -1]], rtol=1e-9)
    (above,) = upper.child_axes
    assert above.get_xlabel() == "Temperature (°C)"
    one = plot.arrhenius_plot(result, names=["bulk conductivity Li electrolyte"])
    assert len(one.axes) == 1
    with pytest.raises(InputError, match="no series 'bulk'"):
        plot.arrhenius_plot(result, names=["bulk"])


def test_arrhenius_fits_data():
    kelvin = np.array([350.0, 250.0, 300.0])
    sigma = 1e5 / kelvin * np.exp(-0.4 / (8.617333262e-5 * kelvin))
    figure = plot.arrhenius_plot({"measured": (kelvin, sigma)})
    assert legend(figure) == ["measured: 0.400 eV"]
    figure = plot.arrhenius_plot({"layer": (kelvin, 1.0 / sigma)}, unit="ohm*m^2")
    assert legend(figure) == ["layer: 0.400 eV"]
    assert figure.axes[0].get_ylabel() == "T/R (K/(Ω cm²))"


def test_many_series_leave_the_height_to_the_lines():
    kelvin = np.linspace(300.0, 360.0, 5)
    data = {f"series {k}": (kelvin, np.exp(-0.3 * k - 3000.0 / kelvin)) for k in range(8)}
    figure = plot.arrhenius_plot(data)
    (ax,) = figure.axes
    names = figure.legends[0]
    assert len(names.get_texts()) == 8
    assert names.get_window_extent().y1 < ax.get_window_extent().y0
    assert ax.get_window_extent().height > 1.4 * figure.dpi
    looks = {(x.get_color(), x.get_marker()) for x in ax.lines if x.get_marker() != "None"}
    assert len(looks) == 8  # more than there are colours


@pytest.mark.parametrize(
    ("data", "unit", "message"),
    [
        (([300.0], [1.0]), "S/m", "two or more temperatures"),
        (([300.0, 310.0], [1.0]), "S/m", "shape"),
        (([300.0, 310.0], [1.0, -1.0]), "S/m", "not positive"),
        (([300.0, 310.0], [1.0, 2.0]), "mS/cm", "no unit 'mS/cm'"),
    ],
)
def test_arrhenius_data_that_make_no_sense_are_refused(data, unit, message):
    with pytest.raises(InputError, match=message):
        plot.arrhenius_plot({"x": data}, unit=unit)


def test_pictures_are_the_same_every_time(tmp_path):
    for name in ("a.png", "b.png"):
        plot.save(plot.nyquist_plot(CELL), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
