"""Mistakes in a run file that concern several of its entries."""

from collections.abc import Iterable
from typing import Any

from pyscl.materials.schema import Location, failures, no_such


class Mistakes:
    """Collects the mistakes of one field and raises them together."""

    def __init__(self) -> None:
        """Start without mistakes."""
        self._items: list[tuple[str, str, Location, Any]] = []

    def fail(self, location: Location, message: str, *, at_key: bool = True) -> None:
        """Add a mistake.

        Args:
            location: keys and indices from the field down to it.
            message: "headline; what is expected".
            at_key: whether the key is wrong, not its value.
        """
        self.add("key" if at_key else "name", message, location, None)

    def add(self, kind: str, message: str, location: Location, given: Any) -> None:
        """Add a mistake with the type pydantic is to give it."""
        self._items.append((kind, message, location, given))

    def name(
        self,
        kind: str,
        name: str,
        allowed: Iterable[str],
        location: Location,
        *,
        at_key: bool = False,
    ) -> None:
        """Add a mistake if a name of some kind ("region") is not among the allowed ones."""
        names = list(allowed)
        if name not in names:
            self.fail(location, no_such(kind, name, names), at_key=at_key)

    def done(self) -> None:
        """Raise what was collected, if anything."""
        if self._items:
            raise failures(self._items)
