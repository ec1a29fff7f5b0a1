"""Ctrl-C that waits for the end of a time step, so that no state is left half recorded."""

import signal
import threading
from types import FrameType
from typing import Any


class Interrupts:
    """Notes Ctrl-C while it is entered, and acts on it where `check` is called.

    A second Ctrl-C takes effect at once. Outside the main thread, or where somebody else handles
    the signal, nothing is changed.
    """

    def __init__(self) -> None:
        self._noted = False
        self._earlier: Any = None

    def __enter__(self) -> "Interrupts":
        ours = threading.current_thread() is threading.main_thread()
        if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._earlier = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if self._earlier is not None:
            signal.signal(signal.SIGINT, self._earlier)

    def check(self) -> None:
        """Act on a Ctrl-C.

        Raises:
            KeyboardInterrupt: there was one since the begin.
        """
        if self._noted:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.check()
        self._noted = True
