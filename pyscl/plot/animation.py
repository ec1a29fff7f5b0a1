"""Fields in motion: the saved states of a transient as a GIF or an MP4."""

from os import PathLike
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from pyscl.errors import InputError, unknown_name
from pyscl.plot import panels
from pyscl.plot.maps import Layer, draw
from pyscl.plot.panels import Window
from pyscl.plot.scales import Component, FloatArray, scale_of
from pyscl.plot.style import COLUMN, STYLE, map_figure, styled
from pyscl.storage.atomic import replaced
from pyscl.text import time_text, time_unit
from pyscl.trajectory import Trajectory

_DOTS = 200  # per inch
_GREYS = 40  # of the 256 colours of a GIF
_SHOWN_LAST = 1.5  # how long the last state stays [s]


def animate(
    trajectory: Trajectory,
    name: str,
    path: str | PathLike[str],
    *,
    component: Component = "magnitude",
    window: Window | None = None,
    frames_per_second: float = 10.0,
) -> None:
    """Write the saved states of a field as an animation, one frame per state.

    All frames have one colour scale, chosen over all of them. The time and the voltage of the
    working contact stand above the map.

    Args:
        trajectory: the transient.
        name: a name in `field_names` of its states.
        path: a .gif, or a .mp4 where ffmpeg is installed.
        component: of a vector field: "magnitude", "x" or "y".
        window: (x first, x last, y first, y last) [m] to show.
        frames_per_second: saved states per second.

    Raises:
        InputError: fewer than two saved states, an unknown field, component or suffix, a window
            off the mesh, no ffmpeg for MP4, or a file that cannot be written.
    """
    write = _writer(Path(path), frames_per_second)
    if len(trajectory.solutions) < 2:
        raise InputError(
            f"an animation needs at least two saved states, there are {len(trajectory.solutions)}; "
            "save more of them (save_every or save_times of the study)"
        )
    layers = [Layer.of(s, name, component, window) for s in trajectory.solutions]
    scale = scale_of(layers[0].solution, name, [layer.seen for layer in layers], component)
    titles = _titles(trajectory)
    drawn: dict[str, Any] = {}

    @styled
    def first() -> Figure:
        figure = map_figure(COLUMN)
        ax = figure.add_subplot()
        drawn["colours"] = draw(figure, ax, layers[0], scale)
        layers[0].frame.apply(ax)
        panels.colour_bar(figure, ax, scale, layers[0].frame)
        # The longest title sets the size, so that none is cut.
        drawn["title"] = ax.set_title(max(titles, key=len), loc="left")
        return figure

    with mpl.rc_context(STYLE):
        figure = first()

        def show(number: int) -> None:
            if drawn["colours"] is not None:
                drawn["colours"].set_array(np.nan_to_num(layers[number].values) / scale.factor)
            drawn["title"].set_text(titles[number])

        write(figure, show, len(layers), scale.colours)


def _titles(trajectory: Trajectory) -> list[str]:
    """Return "t = 1.20 ms, 3.92 V" for every saved state."""
    titles = []
    for solution, words in zip(trajectory.solutions, _times(trajectory.times), strict=True):
        row = np.flatnonzero(trajectory["time"] == solution.time)
        volts = f", {trajectory['voltage'][row[-1]]:.3f} V".replace("-", "−") if len(row) else ""
        titles.append(f"t = {words}{volts}")
    return titles


def _times(times: FloatArray) -> list[str]:
    """Return times in one unit with fixed decimals, or each in its own if they span decades."""
    last = float(times[-1])
    unit, word = time_unit(last)
    positive = times[times > 0.0]
    if len(positive) and positive[0] < 1e-3 * last:
        return [time_text(float(time)) for time in times]
    decimals = max(0, 2 - int(np.floor(np.log10(last / unit)))) if last > 0.0 else 0
    return [f"{time / unit:.{decimals}f} {word}" for time in times]


def _writer(path: Path, frames_per_second: float) -> Any:
    """Return what writes the frames: (figure, show frame k, frames, colour map).

    Raises:
        InputError: no such format, or no ffmpeg.
    """
    if not (np.isfinite(frames_per_second) and 0.0 < frames_per_second <= 60.0):
        raise InputError(f"frames per second must lie in 0 ... 60, not {frames_per_second}")
    suffix = path.suffix.lower()
    if suffix not in (".gif", ".mp4"):
        raise unknown_name("animation format", path.suffix, (".gif", ".mp4"), f"for '{path}'")
    if suffix == ".mp4":
        from matplotlib.animation import FFMpegWriter

        if not FFMpegWriter.isAvailable():
            raise InputError(
                f"'{path}' needs the program ffmpeg, which is not installed here; install it (it "
                "must be on the path), or write a .gif"
            )

    def write(figure: Figure, show: Any, count: int, colours: str) -> None:
        with replaced(path, suffix=f".part{suffix}") as partial:
            if suffix == ".gif":
                _write_gif(figure, show, count, partial, frames_per_second, colours)
            else:
                _write_mp4(figure, show, count, partial, frames_per_second)

    return write


def _write_gif(
    figure: Figure, show: Any, count: int, path: Path, frames_per_second: float, colours: str
) -> None:
    """Write a GIF whose frames share one palette, so that nothing flickers."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure.set_dpi(_DOTS)
    canvas = FigureCanvasAgg(figure)
    frames = []
    for number in range(count):
        show(number)
        canvas.draw()
        frames.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy()))
    palette = _palette(colours)
    frames = [f.quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]
    pause = 1000.0 / frames_per_second
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=[round(pause)] * (count - 1) + [round(max(pause, 1000.0 * _SHOWN_LAST))],
        loop=0,
    )


def _palette(colours: str) -> Any:
    """Return the colours of a colour map and greys, which is all that a map has."""
    from PIL import Image

    of_map = mpl.colormaps[colours](np.linspace(0.0, 1.0, 256 - _GREYS))[:, :3]
    greys = np.repeat(np.linspace(0.0, 1.0, _GREYS)[:, None], 3, axis=1)
    image = Image.new("P", (1, 1))
    image.putpalette(np.rint(255.0 * np.concatenate([of_map, greys])).astype(np.uint8).tobytes())
    return image


def _write_mp4(figure: Figure, show: Any, count: int, path: Path, frames_per_second: float) -> None:
    from matplotlib.animation import FFMpegWriter
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    writer = FFMpegWriter(fps=frames_per_second)  # type: ignore[arg-type]
    with writer.saving(figure, str(path), dpi=_DOTS):
        for number in range(count):
            show(number)
            writer.grab_frame()
        for _ in range(round(_SHOWN_LAST * frames_per_second)):
            writer.grab_frame()
