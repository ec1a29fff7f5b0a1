"""Places in a mesh as people write them: lines, windows, interfaces."""

from collections.abc import Mapping
from typing import Any

from pyscl.errors import InputError, suggestion
from pyscl.solution import Solution
from pyscl.units import parse

_POINTS = 800  # of a line that does not say how many
_EXAMPLE = "'0 nm,5 nm:20 nm,5 nm'"

Point = tuple[float, float]


class PlaceText:
    """Reads texts that name a line or a piece of the mesh of a solution."""

    def __init__(self, solution: Solution, cuts: Mapping[str, Any] | None = None) -> None:
        """Read texts about a solution whose run file names some cuts."""
        self._solution = solution
        self._cuts = dict(cuts or {})

    def line(self, text: str) -> tuple[Point, Point, int]:
        """Return (start, end, samples) of a line [m].

        Args:
            text: "x0,y0:x1,y1" with units, the name of a cut, an interface "a|b", or "strongest".

        Raises:
            InputError: none of these.
        """
        if text in self._cuts:
            cut = self._cuts[text]
            (x0, y0), (x1, y1) = cut["from"], cut["to"]
            return (float(x0), float(y0)), (float(x1), float(y1)), int(cut["points"])
        if self._is_place(text):
            from pyscl.plot.places import line_across

            return line_across(self._solution, text)
        start, end = self._points(text, [*self._cuts, *self._places()])
        return start, end, _POINTS

    def window(self, text: str) -> tuple[float, float, float, float]:
        """Return a window (x first, x last, y first, y last) [m].

        Args:
            text: "x0,y0:x1,y1", two opposite corners with units, an interface "a|b", or
                "strongest".

        Raises:
            InputError: none of these.
        """
        if self._is_place(text):
            from pyscl.plot.places import window_at

            return window_at(self._solution, text)
        (x0, y0), (x1, y1) = self._points(text, self._places())
        return min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)

    def _places(self) -> list[str]:
        return ["strongest", *self._solution.model.mesh.interfaces]

    def _is_place(self, text: str) -> bool:
        return text == "strongest" or "|" in text

    def _points(self, text: str, names: list[str]) -> tuple[Point, Point]:
        parts = [corner.split(",") for corner in text.split(":")]
        if [len(part) for part in parts] != [2, 2]:
            raise InputError(
                f"'{text}' is no place in the mesh; give two points as 'x0,y0:x1,y1' with units, "
                f"e.g. {_EXAMPLE}, or one of: {', '.join(names)}.{suggestion(text, names)}"
            )
        numbers = [self._length(number, text) for part in parts for number in part]
        return (numbers[0], numbers[1]), (numbers[2], numbers[3])

    def _length(self, number: str, text: str) -> float:
        try:
            return parse(number.strip(), "m", require_units=True)
        except InputError as error:
            raise InputError(
                f"'{number.strip()}' in '{text}' is no length: {error}; every coordinate has a "
                f"unit, e.g. {_EXAMPLE}"
            ) from error
