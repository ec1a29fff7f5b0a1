"""Names that hold across the files of a run."""

BASE = "base"
"""Name of the only case of a run without variants."""


def slug(name: str) -> str:
    """Return a name that is safe as a file name on every system."""
    plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
    return plain.lstrip(".") or "_"
