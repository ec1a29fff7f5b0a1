"""The numbers of a gmsh section in order, the same calls for ASCII and binary files."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray


class GmshFormatError(ValueError):
    """What is wrong with the file, as the end of the sentence "the file ..."."""


class TextNumbers:
    """Numbers of an ASCII section."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._values = np.array(data[start:end].split(), dtype="S40").astype(np.float64)
        self._next = 0
        self.at = end

    def floats(self, count: int) -> NDArray[np.float64]:
        """Return the next `count` numbers."""
        if count < 0 or self._next + count > len(self._values):
            raise GmshFormatError("is truncated: a section ends too early")
        self._next += count
        return self._values[self._next - count : self._next]

    def ints(self, count: int) -> NDArray[np.int64]:
        """Return the next `count` integers."""
        return self.floats(count).astype(np.int64)

    sizes = ints

    def numbered_points(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return tags (count,) and coordinates (count, 3) of version 2.2 nodes."""
        rows = self.floats(4 * count).reshape(count, 4)
        return rows[:, 0].astype(np.int64), rows[:, 1:]


class BinaryNumbers:
    """Numbers of a binary section; `at` is the position of the next byte."""

    def __init__(self, data: bytes, start: int, byte_order: Literal["<", ">"]) -> None:
        self._data, self.at, self._order = data, start, byte_order

    def _take(self, dtype: np.dtype[np.void] | str, count: int) -> NDArray[np.void]:
        kind = np.dtype(dtype).newbyteorder(self._order)
        if count < 0 or self.at + count * kind.itemsize > len(self._data):
            raise GmshFormatError("is truncated: it ends inside a section")
        values = np.frombuffer(self._data, kind, count, self.at)
        self.at += count * kind.itemsize
        return values

    def floats(self, count: int) -> NDArray[np.float64]:
        """Return the next `count` doubles."""
        return self._take("f8", count).astype(np.float64)

    def ints(self, count: int) -> NDArray[np.int64]:
        """Return the next `count` 4-byte integers."""
        return self._take("i4", count).astype(np.int64)

    def sizes(self, count: int) -> NDArray[np.int64]:
        """Return the next `count` 8-byte counters."""
        return self._take("u8", count).astype(np.int64)

    def numbered_points(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return tags (count,) and coordinates (count, 3) of version 2.2 nodes."""
        rows = self._take(np.dtype([("tag", "i4"), ("x", "f8", (3,))]), count)
        return rows["tag"].astype(np.int64), rows["x"].astype(np.float64)


Numbers = TextNumbers | BinaryNumbers
