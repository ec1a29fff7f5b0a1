"""Arrays and files inside a page: bytes sorted by significance, compressed, in base64."""

import base64
import gzip
import hashlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Blocks:
    """The data of a page; equal arrays are stored once.

    Attributes:
        texts: name of the block -> its bytes, gzip in base64.
    """

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._known: dict[str, str] = {}

    def array(self, values: ArrayLike, dtype: str) -> dict[str, Any]:
        """Store an array and return where it is.

        The first bytes of all numbers come first, then all second bytes: neighbours on a mesh
        have similar leading bytes, so that these compress.

        Args:
            values: numbers, of any shape.
            dtype: "f4", "f8", "i4", "u2" or "u1", kept in little-endian order.

        Returns:
            Name of the block, dtype and number of values.
        """
        flat = np.ascontiguousarray(
            np.asarray(values).ravel(), dtype=np.dtype(dtype).newbyteorder("<")
        )
        planes: NDArray[np.uint8] = flat.view(np.uint8).reshape(-1, flat.itemsize).T
        return {"block": self.raw(planes.tobytes()), "dtype": dtype, "count": flat.size}

    def raw(self, data: bytes) -> str:
        """Store bytes and return the name of their block."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._known:
            name = f"b{len(self._known)}"
            packed = gzip.compress(data, compresslevel=6, mtime=0)
            self.texts[name] = base64.b64encode(packed).decode("ascii")
            self._known[digest] = name
        return self._known[digest]

    @property
    def size(self) -> int:
        """Length of all blocks in the page [bytes]."""
        return sum(map(len, self.texts.values()))
