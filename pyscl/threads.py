"""How many cores there are, and how many threads a library may use."""

import os
import re


def available_threads() -> int:
    """Return the number of cores that this process may use, or OMP_NUM_THREADS if that is less.

    As `available_threads` of the core, for its solver; what is no positive number says nothing.
    """
    given = re.match(r"\s*\+?(\d{1,9})", os.environ.get("OMP_NUM_THREADS", ""), re.ASCII)
    most = int(given[1]) if given else 0
    allowed = usable_cores()
    return min(most, allowed) if most > 0 else allowed


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
