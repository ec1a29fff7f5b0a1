"""What a run was made from: the run file and the command."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

RUN_FILE = "run.yaml"
"""Name of the copy of the run file in the folder of a run."""


@dataclass(frozen=True)
class Origin:
    """The run file as it was written, and the command that carried it out.

    Attributes:
        text: contents of the file, comments included.
        command: the command, to be typed in a shell.
    """

    text: str
    command: str

    @classmethod
    def of(cls, file: Path, settings: Sequence[str]) -> "Origin":
        """Return that of `pyscl run FILE --set ...`."""
        words = ["pyscl", "run", str(file), *(w for s in settings for w in ("--set", s))]
        return cls(file.read_text(encoding="utf-8"), shlex.join(words))
