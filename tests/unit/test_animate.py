"""Transients in pictures: animations with one colour scale, curves with units and steps."""

import os
import stat
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.animation import FFMpegWriter
from matplotlib.collections import LineCollection
from models import NM, conductor, two_conductors
from PIL import Image, ImageSequence
from transients import SETTINGS, trajectory

from pyscl import Carrier, InputError, Material, Model, PotentialContact, ReservoirContact, plot
from pyscl.mesh import strip
from pyscl.plot import animation
from pyscl.text import time_text, time_unit

TIMES = tuple(np.linspace(0.0, 2.3e-3, 6))


@pytest.fixture(scope="module")
def made():
    return trajectory(two_conductors(), TIMES)


class Shown:
    """What an animation would have written, frame by frame."""

    def __init__(self, monkeypatch):
        self.titles, self.values, self.norms = [], [], []
        monkeypatch.setattr(animation, "_writer", lambda path, fps: self.write)

    def write(self, figure, show, count, colours):
        self.figure, self.colours = figure, colours
        (self.ax,) = figure.axes
        (mesh,) = [c for c in self.ax.collections if type(c).__name__ == "TriMesh"]
        for number in range(count):
            show(number)
            self.titles.append(self.ax.get_title(loc="left"))
            self.values.append(np.array(mesh.get_array()))
            self.norms.append((mesh.norm.vmin, mesh.norm.vmax))


def test_every_state_is_a_frame_on_one_scale_over_all(made, monkeypatch):
    shown = Shown(monkeypatch)
    plot.animate(made, "potential", "x.gif")
    states = [s["potential"].values for s in made.solutions]
    assert len(shown.values) == len(states)
    for drawn, state in zip(shown.values, states, strict=True):
        np.testing.assert_allclose(drawn, state, rtol=1e-12)
    low, high = shown.norms[0]
    assert low <= np.min(states)
    assert high >= np.max(states)
    assert max(-low, high) == pytest.approx(np.abs(states).max())
    plot.animate(trajectory(made.model, solutions=made.solutions[::-1]), "potential", "x.gif")
    assert len(set(shown.norms)) == 1  # not that of the first frame only


def test_time_and_voltage_stand_above_the_map(made, monkeypatch):
    shown = Shown(monkeypatch)
    plot.animate(made, "potential", "x.gif")
    assert shown.titles[0] == "t = 0.00 ms, 0.100 V"
    assert shown.titles[-1] == "t = 2.30 ms, 0.150 V"


def test_times_over_decades_have_their_own_units(monkeypatch):
    made = trajectory(two_conductors(), (0.0, 1e-7, 1e-3, 7200.0))
    shown = Shown(monkeypatch)
    plot.animate(made, "potential", "x.gif")
    assert [t.split(",")[0] for t in shown.titles] == [
        "t = 0 s", "t = 100 ns", "t = 1 ms", "t = 2 h",
    ]  # fmt: skip


def test_interfaces_are_outlined_and_what_is_absent_hatched(monkeypatch):
    model = two_conductors()
    model = Model(
        model.mesh,
        {"a": conductor(), "b": Material(relative_permittivity=5.0)},
        contacts={"left": model.contacts["left"]},
    )
    made = trajectory(model, TIMES)
    shown = Shown(monkeypatch)
    plot.animate(made, "site_fraction_Li", "x.gif")
    lines = [c for c in shown.ax.collections if isinstance(c, LineCollection)]
    assert any(len(c.get_segments()) for c in lines)
    assert any(patch.get_hatch() for patch in shown.ax.patches)


@pytest.mark.parametrize("name", ["electric_field", "current_density_Li", "charge_density"])
def test_all_kinds_of_fields_move(made, monkeypatch, name):
    shown = Shown(monkeypatch)
    plot.animate(made, name, "x.gif", component="y" if name == "electric_field" else "magnitude")
    assert len(set(shown.norms)) == 1
    assert np.abs(shown.values[0] - shown.values[-1]).max() > 0.0


def test_a_gif_has_a_frame_per_state_and_a_common_palette(tmp_path):
    made = trajectory(two_conductors(width=20 * NM), TIMES)
    plot.animate(made, "potential", tmp_path / "p.gif", frames_per_second=20.0)
    with Image.open(tmp_path / "p.gif") as image:
        frames = [
            (f.info["duration"], f.size, np.asarray(f.convert("RGB"), dtype=int))
            for f in ImageSequence.Iterator(image)
        ]
        assert image.info["loop"] == 0
    assert [duration for duration, _, _ in frames] == [50] * 5 + [1500]
    assert len({size for _, size, _ in frames}) == 1
    first, last = frames[0][2], frames[-1][2]
    bar = slice(int(0.82 * first.shape[1]), None)  # right of the map: scale and labels
    np.testing.assert_array_equal(first[:, bar], last[:, bar])
    assert np.abs(first - last).max() > 50


def test_an_animation_replaces_an_earlier_one_only_when_it_is_complete(made, tmp_path, monkeypatch):
    path = tmp_path / "p.gif"
    path.write_bytes(b"earlier")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(InputError, match=r"cannot write .*p\.gif.*No space left.*unchanged"):
        plot.animate(made, "potential", path)
    assert path.read_bytes() == b"earlier"
    assert [p.name for p in tmp_path.iterdir()] == ["p.gif"]


def test_a_folder_that_does_not_exist_is_named(made, tmp_path):
    with pytest.raises(InputError, match=r"cannot write .*p\.gif"):
        plot.animate(made, "potential", tmp_path / "missing" / "p.gif")


FFMPEG = """#!{python}
import sys
with open(sys.argv[-1], "wb") as file:
    file.write(sys.stdin.buffer.read())
"""


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for ffmpeg is a script")
def test_mp4_goes_through_ffmpeg(made, tmp_path, monkeypatch):
    program = tmp_path / "ffmpeg"
    program.write_text(FFMPEG.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with mpl.rc_context({"animation.ffmpeg_path": str(program)}):
        plot.animate(made, "potential", tmp_path / "p.mp4", frames_per_second=4.0)
    sizes = {p.name: p.stat().st_size for p in tmp_path.iterdir()}
    assert set(sizes) == {"ffmpeg", "p.mp4"}
    frame = sizes["p.mp4"] / (6 + 6)  # states, and 1.5 s of the last one
    assert frame == int(frame)
    assert frame > 4 * 300 * 100


def test_without_ffmpeg_mp4_is_refused_before_anything_is_drawn(made, tmp_path, monkeypatch):
    monkeypatch.setattr(FFMpegWriter, "isAvailable", classmethod(lambda cls: False))
    monkeypatch.setattr(animation, "draw", None)
    with pytest.raises(InputError, match=r"needs the program ffmpeg.*or write a \.gif"):
        plot.animate(made, "potential", tmp_path / "p.mp4")


@pytest.mark.parametrize(
    ("arguments", "options", "what"),
    [
        (("potential", "x.avi"), {}, r"no animation format '\.avi'.*\.gif, \.mp4"),
        (("potentail", "x.gif"), {}, "Did you mean 'potential'"),
        (("electric_field", "x.gif"), {"component": "z"}, "no component 'z'"),
        (("potential", "x.gif"), {"window": (1.0, 2.0, 1.0, 2.0)}, "outside the mesh"),
        (("potential", "x.gif"), {"frames_per_second": 0.0}, "frames per second"),
        (("potential", "x.gif"), {"frames_per_second": np.nan}, "frames per second"),
    ],
)
def test_nonsense_is_refused(made, arguments, options, what):
    with pytest.raises(InputError, match=what):
        plot.animate(made, *arguments, **options)


def test_one_state_is_no_animation(made):
    still = trajectory(made.model, solutions=made.solutions[:1])
    with pytest.raises(InputError, match="at least two saved states, there are 1; save more"):
        plot.animate(still, "potential", "x.gif")


# Curves.


def labels(figure):
    return [ax.get_ylabel().replace("\n", " ") for ax in figure.axes]


def test_the_series_has_units_and_the_steps_of_the_protocol(made):
    known = trajectory(made.model, TIMES, settings={**SETTINGS, "contact": "right"})
    figure = plot.series_plot(known)
    assert labels(figure) == [
        "Voltage (V)", "Current density (MA/m²)", "Charge passed (mAh/cm²)", "Mean site fraction",
    ]  # fmt: skip
    assert figure.axes[-1].get_xlabel() == "Time (ms)"
    assert [t.get_text() for t in figure.axes[0].texts] == ["step 1", "step 2"]
    drawn = figure.axes[0].lines[0]
    np.testing.assert_allclose(drawn.get_xdata(), np.array(TIMES) * 1e3)
    np.testing.assert_allclose(drawn.get_ydata(), made["voltage"])
    names = [t.get_text() for t in figure.axes[-1].get_legend().get_texts()]
    assert names == ["Li in a", "Li in b"]


def test_charge_is_per_area_of_the_contact(made):
    known = trajectory(made.model, TIMES, settings={"contact": "right"})
    ax = plot.series_plot(known).axes[2]
    width = made.model.mesh.points[:, 1].max()
    unit = {"µC/cm²": 1e-2, "mC/cm²": 10.0, "µAh/cm²": 36.0, "mAh/cm²": 36e3, "C/cm²": 1e4}[
        ax.get_ylabel().split("(")[1][:-1]
    ]
    np.testing.assert_allclose(
        ax.lines[0].get_ydata() * unit, made["charge_passed"] / width, rtol=1e-9
    )


def test_a_current_that_decays_over_decades_has_a_logarithmic_axis(made):
    series = made.series
    decaying = {**series.columns, "current_density": 100.0 ** -np.arange(6.0)}
    still = trajectory(made.model, TIMES, series=type(series)(decaying, series.units))
    assert plot.series_plot(still).axes[1].get_yscale() == "symlog"
    assert plot.series_plot(made).axes[1].get_yscale() == "linear"


def test_the_instant_of_a_jump_is_left_out_of_the_current(made):
    series = made.series
    columns = {name: np.append(values, values[-1]) for name, values in series.columns.items()}
    columns["current_density"][-1] = 1e30
    jumped = trajectory(made.model, TIMES, series=type(series)(columns, series.units))
    drawn = plot.series_plot(jumped).axes[1].lines[0].get_ydata()
    assert len(drawn) == len(TIMES)


def test_a_constant_composition_is_not_drawn(made):
    columns = dict(made.series.columns)
    for name in ("mean_Li_a", "mean_Li_b"):
        columns[name] = np.full(6, 0.5)
    still = trajectory(made.model, TIMES, series=type(made.series)(columns, made.series.units))
    assert len(plot.series_plot(still).axes) == 3


def test_a_logarithmic_time_axis_leaves_the_start_out(made):
    figure = plot.series_plot(made, logarithmic=True)
    ax = figure.axes[-1]
    assert ax.get_xscale() == "log"
    assert ax.get_xlim() == pytest.approx((TIMES[1], TIMES[-1]))
    assert ax.get_xlabel() == "Time (s)"


def test_an_interface_is_drawn_against_time(made):
    figure = plot.interface_plot(made, "b | a")
    assert labels(figure) == ["Potential drop (V)", "Layer charge (µC/cm²)", "Li site fraction"]
    drops, charges, fractions = figure.axes
    names = [t.get_text() for t in figure.legends[0].get_texts()]
    assert names == ["a", "b", "between bulks"]
    total, first, second = (line.get_ydata() for line in drops.lines[:3])
    np.testing.assert_allclose(first - second, total, rtol=1e-9)
    np.testing.assert_allclose(total, made["potential_drop_a|b"])
    np.testing.assert_allclose(
        charges.lines[0].get_ydata() * 1e-2, made["layer_charge_a|b_a"], rtol=1e-12
    )
    np.testing.assert_array_equal(fractions.lines[0].get_ydata(), made["least_Li_a|b_a"])


def test_an_interface_is_drawn_against_the_state_of_charge(made):
    figure = plot.interface_plot(made, "a|b", "mean_Li_a")
    assert figure.axes[-1].get_xlabel() == "Mean Li site fraction in a"
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xdata(), made["mean_Li_a"])
    voltage = plot.interface_plot(made, "a|b", "voltage")
    assert voltage.axes[-1].get_xlabel() == "Voltage (V)"


def test_two_dielectrics_have_a_potential_only():
    mesh = strip(np.linspace(0, 4, 17) * NM, regions=[("a", 2 * NM), ("b", 4 * NM)])
    model = Model(
        mesh,
        {"a": Material(relative_permittivity=5.0), "b": Material(relative_permittivity=9.0)},
        contacts={"left": PotentialContact(potential=0), "right": PotentialContact(potential=1)},
    )
    figure = plot.interface_plot(trajectory(model, TIMES), "a|b")
    assert labels(figure)[0] == "Potential (V)"
    assert len(plot.series_plot(trajectory(model, TIMES)).axes) == 3


def test_carriers_are_told_apart_by_the_kind_of_line():
    electron = Carrier(
        name="e", charge=-1, site_density=4e26, site_fraction=0.3, conductivity=1.0
    )  # fmt: skip
    model = two_conductors()
    mixed = conductor()
    mixed = mixed.model_copy(update={"carriers": (*mixed.carriers, electron)})
    contacts = {
        "left": ReservoirContact(carrier="e", potential=0.0),
        "right": ReservoirContact(carrier="Li", electrochemical_potential=0.0),
    }
    model = Model(model.mesh, {"a": mixed, "b": conductor(1 * NM)}, contacts=contacts)
    figure = plot.interface_plot(trajectory(model, TIMES), "a|b")
    names = [t.get_text() for t in figure.axes[-1].get_legend().get_texts()]
    assert names == ["Li", "e"] or names == ["e", "Li"]


def test_unknown_interfaces_and_columns_are_refused(made):
    with pytest.raises(InputError, match=r"no interface 'a\|c'.*a\|b"):
        plot.interface_plot(made, "a|c")
    with pytest.raises(InputError, match="Did you mean 'mean_Li_a'"):
        plot.interface_plot(made, "a|b", "mean_Li_aa")


def test_an_empty_series_is_refused(made):
    empty = type(made.series)({n: v[:0] for n, v in made.series.columns.items()}, made.series.units)
    nothing = trajectory(made.model, TIMES, series=empty)
    for draw in (plot.series_plot, lambda t: plot.interface_plot(t, "a|b")):
        with pytest.raises(InputError, match="no rows"):
            draw(nothing)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (4.57e-5, "45.7 µs"), (3e-8, "30 ns"), (1.0, "1 s"), (900.0, "15 min"),
     (36000.0, "10 h"), (-2e-3, "-2 ms"), (1e-12, "0.001 ns")],
)  # fmt: skip
def test_times_read_well(seconds, text):
    assert time_text(seconds) == text


def test_units_of_time_cover_all_extents():
    assert [time_unit(t)[1] for t in (1e-9, 2e-6, 5e-3, 3.0, 1000.0, 1e5)] == [
        "ns", "µs", "ms", "s", "min", "h",
    ]  # fmt: skip
