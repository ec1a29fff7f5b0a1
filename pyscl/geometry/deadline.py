"""A limit to the time a generator may take, so that an impossible target ends with a reason.

What is made in time does not depend on it: equal numbers give equal curves on any machine.
"""

import time

from pyscl.errors import GeometryError

TIME_LIMIT = 60.0
"""Longest time a generator may take [s]."""


class Deadline:
    """The end of the time a generator has, counted from now.

    Args:
        seconds: how long [s]; `TIME_LIMIT` if not given.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = TIME_LIMIT if seconds is None else seconds
        self._end = time.monotonic() + self.seconds

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._end

    def check(self, reached: str, remedy: str) -> None:
        """Refuse to go on after the end.

        Args:
            reached: what there is so far, for the error: "12 of 40 islands".
            remedy: what to do about it, a sentence.

        Raises:
            GeometryError: the time is over.
        """
        if self.passed:
            raise GeometryError(
                f"the geometry was not made in {self.seconds:g} s: {reached} by then. {remedy}"
            )
