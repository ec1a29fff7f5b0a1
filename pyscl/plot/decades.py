"""The decades of the frequency on curves of a Nyquist plot, marked and named."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from pyscl.plot.curves import Curve
from pyscl.plot.labels import Room, lonely_first
from pyscl.plot.scales import FloatArray
from pyscl.plot.style import INK, STYLE, text_colour
from pyscl.text import frequency_text

_SAME = 0.05  # apart at which marks look like one [inch]
_BESIDE = 0.3  # apart at which curves leave the picture together [inch]
_BELOW, _TRIES = 0.13, 6  # from one try to the next at a curve that leaves the picture [inch]


@dataclass
class _Label:
    """A text at a point [inch], and the numbers of the curves that share it."""

    text: str
    point: FloatArray
    owners: list[int]


def mark_decades(ax: Axes, drawn: Sequence[Curve], factor: float, inches: float) -> None:
    """Mark the decades of the frequency, and name them where there is room.

    Names have the colour of their curve; those that several curves share have that of all text.

    Args:
        ax: the axes, with their limits.
        drawn: the curves.
        factor: their unit per unit shown.
        inches: per unit shown.
    """
    frame = np.transpose([ax.get_xlim(), ax.get_ylim()]) * inches
    lines = [_plane(curve.smooth(), inches / factor) for curve in drawn]
    zero = np.array([[frame[0, 0], 0.0], [frame[1, 0], 0.0]])
    (left, bottom), (right, top) = frame
    texts = _Texts(ax, drawn, inches, Room([*lines, zero], (left, bottom, right, top)))
    for label in _ends(drawn, lines, top):
        any(texts.write(label, [0.0, -k * _BELOW]) for k in range(_TRIES))
    curves = [curve.decades() for curve in drawn]
    for k, (points, inside) in enumerate(_inside(curves, frame, inches / factor)):
        ax.plot(*(points[inside] / inches).T, "o", color=drawn[k].colour, markersize=3.6)
    texts.write_all(*_names(curves, frame, inches / factor))


@dataclass
class _Texts:
    """Writes labels where there is room for them."""

    ax: Axes
    drawn: Sequence[Curve]
    inches: float
    room: Room

    def write(
        self, label: _Label, shift: Sequence[float] = (0.0, 0.0), others: Sequence[_Label] = ()
    ) -> bool:
        """Write a label beside its shifted point, farther from others; return whether it fits.

        Others at the same point do not count.
        """
        points = np.reshape([other.point for other in others], (-1, 2))
        away = points[np.hypot(*(points - label.point).T) > _SAME]
        place = self.room.place(label.point + shift, label.text, away)
        if place is not None:
            alone = len(label.owners) == 1 < len(self.drawn)
            self.ax.text(
                place[0] / self.inches,
                place[1] / self.inches,
                label.text,
                ha="center",
                va="center_baseline",
                fontsize=STYLE["xtick.labelsize"],
                color=text_colour(self.drawn[label.owners[0]].colour) if alone else INK,
            )
        return place is not None

    def write_all(self, labels: list[_Label], orders: list[list[int]]) -> None:
        """Write the names of marks, for every curve one in turn."""
        written: set[int] = set()
        waiting = [list(order) for order in orders]
        tried: set[int] = set()
        while any(waiting):
            for order in waiting:
                while order:
                    k = order.pop(0)
                    if k not in tried:
                        tried.add(k)
                        if self.write(labels[k], others=labels):
                            written.add(k)
                            break
        for owner, order in enumerate(orders):
            own = [labels[k] for k in order]
            if not any(labels[k].owners == [owner] for k in written):  # near others, if need be
                any(self.write(label, others=own) for label in own if label.owners == [owner])


def _names(
    curves: Sequence[Curve], frame: FloatArray, scale: float
) -> tuple[list[_Label], list[list[int]]]:
    """Return the names of points of curves, and which each curve wants, most of all first.

    Points that are far from their neighbours come first.
    """
    labels: list[_Label] = []
    orders = [
        [
            _add(labels, frequency_text(curves[k].frequencies[n]), points[n], k, _SAME)
            for n in lonely_first(points)
            if inside[n]
        ]
        for k, (points, inside) in enumerate(_inside(curves, frame, scale))
    ]
    return labels, orders


def _ends(drawn: Sequence[Curve], lines: Sequence[FloatArray], top: float) -> list[_Label]:
    """Return how far curves go on that leave the picture at the top, beside where they do."""
    labels: list[_Label] = []
    for k, (curve, line) in enumerate(zip(drawn, lines, strict=True)):
        above = line[:, 1] > top
        if above[0] and not above.all():
            end = line[np.flatnonzero(above)[-1] + 1] - [0.0, 0.1]
            _add(labels, f"↑ to {frequency_text(curve.frequencies[0])}", end, k, _BESIDE)
    return labels


def _inside(
    curves: Sequence[Curve], frame: FloatArray, scale: float
) -> list[tuple[FloatArray, NDArray[np.bool_]]]:
    """Return the points of curves (n, 2) [inch], and which of them lie in the frame (n,)."""
    planes = [_plane(curve, scale) for curve in curves]
    return [(p, ((p >= frame[0]) & (p <= frame[1])).all(axis=1)) for p in planes]


def _add(labels: list[_Label], text: str, point: FloatArray, owner: int, same: float) -> int:
    """Add a label, or an owner to one with the same text at about the same point.

    Returns:
        its index.
    """
    for k, label in enumerate(labels):
        if label.text == text and np.hypot(*(label.point - point)) < same:
            label.owners.append(owner)
            return k
    labels.append(_Label(text, point, [owner]))
    return len(labels) - 1


def _plane(curve: Curve, scale: float) -> FloatArray:
    """Return Re Z and -Im Z of a curve, scaled, (n, 2)."""
    return scale * np.column_stack([curve.values.real, -curve.values.imag])
