"""Pictures of instruments show the numbers of their results, in readable units."""

import numpy as np
import pytest
from imposed import NM, imposed, plate
from matplotlib.text import Text
from models import two_conductors

from pyscl import InputError
from pyscl.instruments import (
    band_diagram,
    core_level_shift,
    differential_phase_contrast,
    electron_holography,
    kelvin_probe,
    lithium_profile,
)
from pyscl.plot import (
    band_diagram_plot,
    carrier_profile_plot,
    charge_map,
    core_level_plot,
    phase_map,
    surface_potential_plot,
)

LINE = (0.0, NM), (20 * NM, NM)


@pytest.fixture(scope="module")
def contact():
    """Return the equilibrium of two conductors of lithium."""
    return two_conductors().equilibrium()


def labels(figure):
    """Return all texts of a figure."""
    return " | ".join(text.get_text() for text in figure.findobj(Text))


def test_phase_map_has_round_contours_and_covers_the_raster(contact):
    result = electron_holography(contact, "60 nm")
    figure = phase_map(result, contact)
    (image,) = figure.axes[0].images
    assert image.get_array().max() == pytest.approx(result.phase.max())
    assert image.get_extent() == pytest.approx([0.0, 20.0, 0.0, 4.0])
    assert "Phase (rad)" in labels(figure)
    assert "lines: 0.01 rad apart" in labels(figure)
    assert "apart" not in labels(phase_map(result, contact, contours=0))


def test_results_print_their_shapes_and_units_and_no_numbers(contact):
    text = repr(electron_holography(contact, "60 nm"))
    assert text.startswith("PhaseMap(x: (")
    assert ") rad, " in text
    assert "resolution=1e-09 m" in text
    for result in (
        kelvin_probe(contact, *LINE),
        lithium_profile(contact),
        band_diagram(contact, *LINE),
        core_level_shift(contact, "left", attenuation_length="2 nm"),
        differential_phase_contrast(contact, resolution="1 nm"),
    ):
        words = repr(result)
        assert words.startswith(type(result).__name__ + "(")
        assert "array" not in words
        assert len(words) < 500


def test_charge_map_is_symmetric_about_zero(contact):
    result = differential_phase_contrast(contact, resolution="1 nm")
    for free in (False, True):
        (image,) = charge_map(result, contact, free=free).axes[0].images
        assert image.norm.vmin == pytest.approx(-image.norm.vmax)
    assert "Free charge (MC/m³)" in labels(charge_map(result, contact, free=True))


def test_side_view_of_a_body_has_both_halves():
    body = imposed(
        plate(split=50 * NM, cells=(50, 10), coordinates="axisymmetric"), lambda r, z: 1.0 + 0.0 * r
    )
    figure = phase_map(electron_holography(body, resolution="5 nm"), body)
    assert figure.axes[0].get_xlim() == pytest.approx((-100.0, 100.0))
    assert "z (nm)" in labels(figure)


def test_flat_phase_has_no_contours():
    state = imposed(plate(cells=(20, 4)), lambda x, y: 1.0 + 0.0 * x)
    figure = phase_map(electron_holography(state, "60 nm", resolution="5 nm"), state)
    assert "apart" not in labels(figure)


def test_profiles_show_what_is_and_what_is_seen(contact):
    seen = kelvin_probe(contact, *LINE, resolution="4 nm", reference="a")
    ax = surface_potential_plot(seen).axes[0]
    assert ax.lines[1].get_ydata() == pytest.approx(seen.difference)
    offset = seen.measured[0] - seen.difference[0]
    assert ax.lines[0].get_ydata() == pytest.approx(seen.potential - offset)
    both = surface_potential_plot({"4 nm": seen, "again": seen})
    assert len(both.axes[0].lines) == 3

    lithium = lithium_profile(contact)
    figure = carrier_profile_plot(lithium, marks={"interface": 10 * NM})
    position = figure.axes[0].lines[2].get_xdata()
    assert position[0] == pytest.approx(10.0)
    assert "Li concentration" in labels(figure)


def test_core_levels_run_to_the_left(contact):
    result = core_level_shift(contact, "left")
    for picture in (core_level_plot(result), core_level_plot({"one": result})):
        ax = picture.axes[0]
        assert ax.get_xlim()[0] > ax.get_xlim()[1]
    assert "Binding energy" in labels(core_level_plot(result))


def test_band_diagram_has_the_levels_before_and_in_contact(contact):
    diagram = band_diagram(contact, *LINE)
    figure = band_diagram_plot(diagram)
    assert len(figure.axes) == 4
    before, after = (ax.lines[0].get_ydata() for ax in figure.axes[:2])
    assert before == pytest.approx(np.full(len(before), diagram.apart["Li"][0]))
    assert after == pytest.approx(diagram.levels["Li"][: len(after)])
    limits = [ax.get_ylim() for ax in figure.axes]
    assert limits[0] == limits[1]
    assert len(band_diagram_plot(diagram, before=False).axes) == 2
    with pytest.raises(InputError, match="no carrier 'e'"):
        band_diagram_plot(diagram, carriers=["e"])
