"""Maps of polarization and loops say what they show."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import TriMesh
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from pyscl import Hysteresis, Landau, Material, Model, PotentialContact, Remanent, plot
from pyscl.errors import InputError
from pyscl.mesh import from_delaunay, strip
from pyscl.plot.polarization import colours_of, crossings
from pyscl.polar_states import UniformPolarization

NM = 1e-9


def box(law=None, around=20.0, voltage=1.0):
    """20 nm x 10 nm with a square inclusion."""
    x, y = np.meshgrid(np.linspace(0.0, 20.0, 41) * NM, np.linspace(0.0, 10.0, 21) * NM)

    def region_of(c):
        inside = (np.abs(c - [13 * NM, 5 * NM]) < 2.5 * NM).all(axis=1)
        return np.where(inside, "inclusion", "electrolyte")

    linear = Material(relative_permittivity=around)
    return Model(
        from_delaunay(np.column_stack([x.ravel(), y.ravel()]), region_of),
        {"electrolyte": linear, "inclusion": Material(polarization=law) if law else linear},
        contacts={
            "left": PotentialContact(potential=voltage),
            "right": PotentialContact(potential=0.0),
        },
    )


@pytest.fixture(scope="module")
def remanent():
    """P along y that its surroundings screen."""
    law = Remanent(polarization=0.2, relative_permittivity=1.0, axes="90 deg")
    return box(law, around=1e5, voltage=0.0).equilibrium()


def loop(amplitude=2e8):
    """Field and polarization of one and a quarter cycles, from the unpoled crystal."""
    law = Hysteresis(
        background_permittivity=10.0, saturation=0.3, remanence=0.2, coercive_field=5e7
    )
    field = amplitude * np.sin(np.linspace(0.0, 2.5 * np.pi, 2001))
    cells, memory, p = law.play(), 0.0, []
    for e in field:
        memory = np.clip(memory, e - cells.coercive_field[0], e + cells.coercive_field[0])
        p.append(law.saturation * np.tanh(memory / cells.width))
    return field, np.array(p)


class Record:
    """A loop as studies return it."""

    def __init__(self):
        self.field, self.polarization = loop()
        self.voltage = self.field * 20 * NM


def test_colours_are_directions():
    """Orange to the right, dark red up, dark blue to the left, light blue down; white is none."""
    x, y = np.array([1.0, 0.0, -1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0, -1.0, 0.0])
    right, up, left, down, none = colours_of(x, y, 1.0)[:, :3]
    assert right[0] > right[1] > right[2]
    assert up.argmax() == 0
    assert left.argmax() == down.argmax() == 2
    assert min(right.sum(), down.sum()) > 1.3 * max(up.sum(), left.sum())
    np.testing.assert_allclose(none, 1.0)
    assert colours_of(np.array([np.nan]), np.array([0.0]), 1.0)[0, 3] == 0.0
    np.testing.assert_allclose(  # the rim is the end of the scale
        colours_of(np.array([5.0]), np.array([0.0]), 1.0), [[*right, 1.0]]
    )
    pale = colours_of(np.array([0.2]), np.array([0.0]), 1.0)[0, :3]
    assert pale.min() > right.min()


def test_the_map_shows_the_polarized_region_only(remanent):
    figure = plot.polarization_map(remanent, title="poled")
    assert isinstance(figure, Figure)
    ax = figure.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (nm)", "y (nm)")
    assert ax.get_title("left") == "poled"
    image = ax.images[0].get_array()
    ny, nx = image.shape[:2]
    shown = np.asarray(image[..., 3]) > 0.0
    x = (np.arange(nx) + 0.5) * 20.0 / nx
    y = (np.arange(ny) + 0.5) * 10.0 / ny
    inside = (np.abs(y - 5.0) < 2.2)[:, None] & (np.abs(x - 13.0) < 2.2)
    outside = (np.abs(y - 5.0) > 2.8)[:, None] | (np.abs(x - 13.0) > 2.8)
    assert shown[inside].all()
    assert not shown[outside].any()
    up = colours_of(np.array([0.0]), np.array([1.0]), 1.0)[0, :3]
    middle = np.asarray(image)[ny // 2, int(13 / 20 * nx), :3]
    np.testing.assert_allclose(middle, up, atol=0.1)
    (wheel,) = ax.child_axes
    assert "0.2 C/m²" in wheel.texts[0].get_text()


def test_arrows_point_along_the_polarization(remanent):
    ax = plot.polarization_map(remanent).axes[0]
    (arrows,) = (c for c in ax.collections if isinstance(c, Quiver))
    assert len(arrows.U) > 5
    np.testing.assert_allclose(arrows.V, 1.0, atol=0.1)
    assert np.abs(arrows.U).max() < 0.1
    without = plot.polarization_map(remanent, arrows=False).axes[0]
    assert not any(isinstance(c, Quiver) for c in without.collections)


def test_a_linear_model_is_drawn_everywhere():
    solution = box().equilibrium()
    image = plot.polarization_map(solution).axes[0].images[0].get_array()
    assert (np.asarray(image[..., 3]) > 0.0).all()


def test_the_largest_polarization_can_be_given(remanent):
    wheel = plot.polarization_map(remanent, largest=0.5).axes[0].child_axes[0]
    assert "0.5 C/m²" in wheel.texts[0].get_text()
    with pytest.raises(InputError, match="above 0"):
        plot.polarization_map(remanent, largest=0.0)
    with pytest.raises(InputError, match="outside the mesh"):
        plot.polarization_map(remanent, window=(1.0, 2.0, 0.0, 1.0))


def test_thin_strips_and_given_axes_are_drawn():
    law = Landau(coefficients="BaTiO3-Bell-Cross")
    mesh = strip(np.linspace(0.0, 100.0, 51) * NM, 2 * NM, 2, regions=[("fe", 100 * NM)])
    contacts = {n: PotentialContact(potential=0.0) for n in ("left", "right")}
    model = Model(mesh, {"fe": Material(polarization=law)}, contacts=contacts, temperature=298.0)
    solution = model.equilibrium(polarization=UniformPolarization())
    figure = Figure()
    ax = figure.add_subplot()
    assert plot.polarization_map(solution, ax=ax) is figure
    assert len(ax.images) == 1
    alone = plot.polarization_map(solution)
    ax = alone.axes[0]
    wheel = ax.child_axes[0]
    text = wheel.texts[0].get_window_extent()
    ticks = [t.get_window_extent() for t in ax.get_xticklabels()]
    assert not any(text.overlaps(tick) for tick in ticks)


@pytest.mark.parametrize("name", ["polarization", "displacement", "bound_charge_density"])
def test_maps_of_the_fields_have_words_and_units(remanent, name):
    figure = plot.field_map(remanent, name)
    label = figure.axes[0].child_axes[0].get_ylabel() or figure.axes[0].child_axes[0].get_xlabel()
    words = {
        "polarization": "Polarization |P| (C/m²)",
        "displacement": "Displacement |D| (C/m²)",
        "bound_charge_density": "Bound charge density (C/m³)",
    }
    (norm,) = (c.norm for c in figure.axes[0].collections if isinstance(c, TriMesh))
    if name == "bound_charge_density":
        assert norm.vmin == -norm.vmax
    else:
        assert type(norm) is Normalize
        assert norm.vmin == 0.0
    assert re.sub("[µmkMG]C/", "C/", label.replace("\n", " ")) == words[name]


def test_crossings_of_a_loop():
    """Remanence 0.2 C/m2 and coercive field 50 MV/m, both signs; the start does not count."""
    field, p = loop()
    remanence, coercive = crossings(field, p)
    np.testing.assert_allclose(remanence, [0.2, -0.2], rtol=1e-3)
    np.testing.assert_allclose(coercive, [-5e7, 5e7], rtol=1e-3)
    line = np.linspace(0.0, 1.0, 5)
    for found in crossings(line, line):
        assert len(found) == 0


def test_a_loop_has_its_numbers_above_it():
    figure = plot.loop_plot(Record())
    ax = figure.axes[0]
    assert ax.get_xlabel() == "Electric field (MV/m)"
    assert ax.get_ylabel() == "Polarization (µC/cm²)"
    assert ax.get_title("left") == "$P_r$ = 20 µC/cm², $E_c$ = 50 MV/m"
    volts = plot.loop_plot(Record(), against="voltage").axes[0]
    assert volts.get_xlabel() == "Voltage (V)"
    assert volts.get_title("left") == "$P_r$ = 20 µC/cm², $V_c$ = 1 V"
    curve = max(ax.lines, key=lambda line: len(line.get_xdata()))
    np.testing.assert_allclose(curve.get_ydata().max(), 100 * loop()[1].max())


def test_several_loops_have_a_legend():
    field, p = loop()
    figure = plot.loop_plot({"first": (field, p), "second": (0.5 * field, p), "open": (p, p)})
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["first", "second", "open"]
    assert figure.axes[0].get_title("left") == ""
    assert plot.loop_plot((p[:400], p[:400])).axes[0].get_title("left") == ""  # no loop


def test_loops_that_make_no_sense_are_refused():
    field, p = loop()
    with pytest.raises(InputError, match="shape"):
        plot.loop_plot((field, p[:-1]))
    with pytest.raises(InputError, match="no axis 'time'"):
        plot.loop_plot((field, p), against="time")
    with pytest.raises(InputError, match="no loop"):
        plot.loop_plot({})


def test_no_state_is_left_behind(remanent, tmp_path):
    before = dict(mpl.rcParams)
    plot.save(plot.polarization_map(remanent), tmp_path / "a.png")
    plot.save(plot.polarization_map(remanent), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert dict(mpl.rcParams) == before
