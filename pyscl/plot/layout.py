"""The places of maps in a figure, whose height follows from the width and the shape of the maps."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import LayoutEngine
from matplotlib.transforms import Bbox

TALLEST = 9.0  # of all figures [inch]: a page
_EDGE = 0.04  # around everything [inch]
_GAP = 0.1  # between columns, and between rows [inch]
_BAR, _AWAY = 0.09, 0.06  # width of a colour bar and its distance from the map [inch]
_APART = 0.14  # of a bar from the maps that share it, between which ticks reach out [inch]
_FIRST, _LEAST = 0.6, 0.3  # margins before any are known, and the least width of a map [inch]
_ROUNDS = 3


class MapLayout(LayoutEngine):
    """Layout of a figure of maps; done once by `fit`, so that drawing does not repeat it."""

    _adjust_compatible = False
    _colorbar_gridspec = False

    def __init__(self) -> None:
        super().__init__()
        self._bars: list[tuple[Axes, list[Axes]]] = []

    def execute(self, fig: Figure) -> None:
        """Do nothing; see `fit`."""

    def add_bar(self, figure: Figure, beside: Sequence[Axes]) -> Axes:
        """Return axes for a colour bar to the right of several maps, as high as all of them."""
        bar = figure.add_axes((0.9, 0.1, 0.02, 0.8))
        self._bars.append((bar, list(beside)))
        return bar

    def fit(self, figure: Figure) -> None:
        """Place everything, and cut the height of the figure to what it needs.

        The maps of a figure are equally wide. Their margins are measured where they are; a
        second round sees the ticks of the final size.
        """
        FigureCanvasAgg(figure)
        maps = [ax for ax in figure.axes if ax.get_subplotspec() is not None]
        width = figure.get_figwidth()
        for ax in maps:
            for artist in (*ax.collections, *ax.patches, *ax.images, *ax.lines):
                artist.set_in_layout(False)  # inside of the frame, and slow to measure
        margins = [(_FIRST, _FIRST, _FIRST, _FIRST)] * len(maps)
        for _ in range(_ROUNDS):
            before = margins
            self._place(figure, maps, margins, width)
            margins = [self._margins(figure, ax, maps) for ax in maps]
            if all(
                abs(a - b) < 0.01
                for x, y in zip(before, margins, strict=True)
                for a, b in zip(x, y, strict=True)
            ):
                break
        else:
            self._place(figure, maps, margins, width)

    def _margins(
        self, figure: Figure, ax: Axes, maps: Sequence[Axes]
    ) -> tuple[float, float, float, float]:
        """Return how far axes with all that belongs to them reach beyond their frame [inch]."""
        box = ax.get_tightbbox()
        frame = ax.get_window_extent()
        assert box is not None
        dpi = figure.dpi
        left, right = (frame.x0 - box.x0) / dpi, (box.x1 - frame.x1) / dpi
        bottom, top = (frame.y0 - box.y0) / dpi, (box.y1 - frame.y1) / dpi
        for bar, beside in self._bars:
            if ax in beside and self._is_beside_something(ax, maps):
                own = bar.get_tightbbox()
                assert own is not None
                right = max(right, _APART + (own.x1 - bar.get_window_extent().x0) / dpi)
        return (left, right, bottom, top)

    def _is_beside_something(self, ax: Axes, maps: Sequence[Axes]) -> bool:
        """Return whether a bar needs room: before another map, or in the last column."""
        right = [other for other in maps if column_of(other) > column_of(ax)]
        return not right or any(row_of(other) == row_of(ax) for other in right)

    def _place(
        self,
        figure: Figure,
        maps: Sequence[Axes],
        margins: Sequence[tuple[float, float, float, float]],
        width: float,
    ) -> None:
        columns = [column_of(ax) for ax in maps]
        rows = [row_of(ax) for ax in maps]
        shapes = [_shape(ax) for ax in maps]

        def most(side: int, at: list[int], k: int) -> float:
            return max(m[side] for m, place in zip(margins, at, strict=True) if place == k)

        across, down = sorted(set(columns)), sorted(set(rows))
        tallest = {r: max(s for s, row in zip(shapes, rows, strict=True) if row == r) for r in down}
        left, right = ({c: most(k, columns, c) for c in across} for k in (0, 1))
        top = {r: most(3, rows, r) for r in down}
        below = {r: {c for c, row in zip(columns, rows, strict=True) if row > r} for r in down}
        bottom = dict.fromkeys(down, 0.0)
        for m, c, r in zip(margins, columns, rows, strict=True):
            if c in below[r] or r == down[-1]:  # others reach down into an empty place
                bottom[r] = max(bottom[r], m[2])
        beside = sum(left.values()) + sum(right.values()) + _GAP * (len(across) - 1) + 2 * _EDGE
        above = sum(bottom.values()) + sum(top.values()) + _GAP * (len(down) - 1) + 2 * _EDGE
        wide = max((width - beside) / len(across), _LEAST)
        if above + wide * sum(tallest.values()) > TALLEST:
            wide = max((TALLEST - above) / sum(tallest.values()), _LEAST)
            width = beside + len(across) * wide
        height = above + wide * sum(tallest.values())
        figure.set_size_inches(width, height)
        x0, x = {}, _EDGE
        for c in across:
            x0[c] = x + left[c]
            x = x0[c] + wide + right[c] + _GAP
        y1, y = {}, height - _EDGE
        for r in down:
            y1[r] = y - top[r]
            y = y1[r] - wide * tallest[r] - bottom[r] - _GAP
        for ax, shape, c, r in zip(maps, shapes, columns, rows, strict=True):
            high = wide * shape
            place = (x0[c] / width, (y1[r] - high) / height, wide / width, high / height)
            ax.set_position(place)
            ax.set_in_layout(True)
            ax.apply_aspect()
        for bar, parents in self._bars:
            around = Bbox.union([ax.get_position() for ax in parents])
            bar.set_position((around.x1 + _APART / width, around.y0, _BAR / width, around.height))


class BarBeside:
    """The place of a colour bar beside axes, or above flat ones; of the same width everywhere."""

    def __init__(self, parent: Axes, *, above: bool = False) -> None:
        """Belong to some axes."""
        self._parent = parent
        self._above = above

    def __call__(self, ax: object, renderer: object) -> Bbox:
        """Return the place in shares of the figure."""
        box = self._parent.get_position()
        figure = self._parent.figure
        width, height = figure.bbox.width / figure.dpi, figure.bbox.height / figure.dpi
        if self._above:
            return Bbox.from_bounds(box.x0, box.y1 + _AWAY / height, box.width, _BAR / height)
        return Bbox.from_bounds(box.x1 + _AWAY / width, box.y0, _BAR / width, box.height)


def map_figure(width: float) -> Figure:
    """Return a figure for maps, `width` inches wide; `styled` gives it its height."""
    return Figure((width, width), layout=MapLayout())


def _shape(ax: Axes) -> float:
    """Return height over width of axes as drawn."""
    aspect = ax.get_aspect()
    if aspect == "auto":
        return 0.75
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    return abs(float(aspect) * (y1 - y0) / (x1 - x0))


def row_of(ax: Axes) -> int:
    """Return in which row of its figure a map is."""
    spec = ax.get_subplotspec()
    assert spec is not None
    return int(spec.rowspan.start)


def column_of(ax: Axes) -> int:
    """Return in which column of its figure a map is."""
    spec = ax.get_subplotspec()
    assert spec is not None
    return int(spec.colspan.start)
