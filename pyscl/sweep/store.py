"""The folder of a study: its definition, and one result per case that is there or is not.

study.json says what the study is; cases/<key>/result.json appears when a case is finished, all at
once. Only the process that holds the lock writes here, so that there is nothing to merge.
"""

import contextlib
import json
import os
import shutil
import socket
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pyscl import _core
from pyscl.errors import InputError
from pyscl.storage.atomic import replaced
from pyscl.sweep.axes import Axis
from pyscl.sweep.cases import RESULTS_VERSION, Case, code_identity, contents_of
from pyscl.sweep.definition import Study
from pyscl.sweep.worker import last_good

DEFINITION, RESULT, RUN, START = "study.json", "result.json", "run", "start"
FORMAT, FORMAT_VERSION = "pyscl study", 1
STATUSES = ("done", "failed", "timeout", "memory", "crashed")
_LOCK, _HOLDER, _SCRATCH, _CASES = ".lock", ".holder.json", "scratch", "cases"
_SHOWN = 10  # differences
_LONG = 86400.0  # s, after which nobody writes to a folder any more
_OPEN: set[str] = set()
"""Sessions of this process that are not over."""
_DATE = "%Y-%m-%d"
_ALL = os.R_OK | os.W_OK | os.X_OK
_NO_EFFECT = ("title", "output.figures", "mesh.cache", "mesh.time_limit", "mesh.geometry.preview")


@dataclass
class Store:
    """The folder of a study, locked while this is open as a context.

    Attributes:
        folder: of the study.
    """

    folder: Path
    _lock: Any = None
    _session: str = ""

    def __enter__(self) -> Self:
        """Lock the folder.

        Raises:
            InputError: another process has it (the message says which), or it cannot be written.
        """
        from pyscl.sweep.samples import MISSING

        try:
            from filelock import FileLock, Timeout
        except ImportError:
            raise InputError(MISSING.format(what="a study", package="filelock")) from None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / _CASES).mkdir(exist_ok=True)
            self._lock = FileLock(self.folder / _LOCK)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"the study folder {self.folder} is in use{self._holder()}; wait for it, or take "
                "another folder (--folder)"
            ) from None
        except OSError as error:
            raise InputError(f"cannot write to the study folder {self.folder}: {error}") from error
        self._session = f"{uuid.uuid4().hex[:12]}-{os.getpid()}-{socket.gethostname()}"
        _OPEN.add(self._session)
        holder = {"process": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        with contextlib.suppress(OSError):
            (self.folder / _HOLDER).write_text(json.dumps(holder))
        self.clear()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what is half done and give the folder free."""
        _OPEN.discard(self._session)
        self.clear()
        (self.folder / _HOLDER).unlink(missing_ok=True)
        self._lock.release()

    def _holder(self) -> str:
        try:
            found = json.loads((self.folder / _HOLDER).read_text())
            since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found["since"]))
            return f" by process {found['process']} on {found['host']} since {since}"
        except (OSError, ValueError, KeyError, TypeError):
            return " by another process"

    def clear(self) -> None:
        """Remove what killed cases left, of sessions of this machine that are over, or long ago.

        A case of a cluster may still be running for a session that was killed; it has a folder of
        its own, which nobody else takes.
        """
        for place in (self.folder / _SCRATCH).glob("*"):
            if _is_over(place):
                shutil.rmtree(place, ignore_errors=True)
        with contextlib.suppress(OSError):
            (self.folder / _SCRATCH).rmdir()

    def scratch(self, case: Case, attempt: int) -> Path:
        """Return where an attempt at a case is carried out, a place of this session alone."""
        return self.folder / _SCRATCH / f"{case.key}-{attempt}-{self._session}"

    def place(self, case: Case) -> Path:
        """Return the folder of a case."""
        return self.folder / _CASES / case.key

    # The definition.

    def define(self, study: Study, axes: Sequence[Axis], cases: Sequence[Case]) -> list[str]:
        """Write what the study is; refuse a base that is not that of the results in the folder.

        Returns:
            What the user should know.

        Raises:
            InputError: says what has changed.
        """
        path = self.folder / DEFINITION
        new = _definition(study, axes, cases)
        notes: list[str] = []
        if path.is_file():
            try:
                old = json.loads(path.read_text())
                if old["format"] != FORMAT or old["version"] != FORMAT_VERSION:
                    raise ValueError
                differences = _differences(old, new, axes)
                if old["physics"] != new["physics"]:
                    was, now = (" ".join(map(str, d["physics"])) for d in (old, new))
                    notes = [
                        f"results of pyscl {was} are not those of {now}; all are computed anew"
                    ]
            except (OSError, ValueError, KeyError, TypeError) as error:
                if any((self.folder / _CASES).iterdir()):
                    raise InputError(
                        f"{path} cannot be read, but there are results in {self.folder}; move "
                        f"them away, or take another folder (--folder) ({error})"
                    ) from None
                differences = []
            if differences:
                shown = differences[:_SHOWN]
                if len(differences) > _SHOWN:
                    shown.append(f"... and {len(differences) - _SHOWN} more")
                raise InputError(
                    "\n  ".join(
                        [f"the results in {self.folder} are of another base input:", *shown]
                    )
                    + "\n  take another folder (--folder), or move the results away"
                )
        write_json(path, new)
        return notes

    # Results.

    def read(self, case: Case) -> tuple[dict[str, Any] | None, str]:
        """Return the result of a case if it is there, and what is wrong with it if it is not."""
        place = self.place(case)
        if not place.exists():
            return None, ""
        path = place / RESULT
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["key"] != case.key or found["status"] not in STATUSES:
                raise ValueError("it is that of another case")
            if not isinstance(found["numbers"], dict):
                raise ValueError("it has no numbers")
            if not isinstance(found.setdefault("versions", {}), dict):
                raise ValueError("it has no versions")
            if "date" not in found:
                found["date"] = time.strftime(_DATE, time.localtime(path.stat().st_mtime))
        except FileNotFoundError:
            return None, ""
        except (OSError, ValueError, KeyError, TypeError) as error:
            return None, f"{path} cannot be read ({error})"
        return found, ""

    def write(
        self, case: Case, result: Mapping[str, Any], scratch: Path, *, keep: bool, start: bool
    ) -> dict[str, Any]:
        """Store the result of a case, and of its files what is wanted; return what was stored.

        Args:
            case: of the study.
            result: as the worker returned it.
            scratch: where the case was carried out.
            keep: whether the whole folder is kept.
            start: whether its solutions are kept as starts of its neighbours.

        Raises:
            InputError: the disk is full, for instance; the results so far are complete.
        """
        place = self.place(case)
        record = {
            "key": case.key,
            "number": case.number,
            "coordinates": case.coordinates,
            **result,
            "versions": {"pyscl": _core.__version__, "code": code_identity()} | result["versions"],
            "date": time.strftime(_DATE),
            "kept": None,
            "last_good": None,
        }
        try:
            if place.exists() and not (place.is_dir() and os.access(place, _ALL)):
                _move_away(place)
            place.mkdir(exist_ok=True)
            if (place / RESULT).is_dir():
                _move_away(place / RESULT)
            if scratch.is_dir():
                if start:
                    _solutions(scratch, place / START)
                if keep:
                    if record["status"] != "done":
                        record["last_good"] = last_good(scratch)
                    shutil.rmtree(place / RUN, ignore_errors=True)
                    scratch.rename(place / RUN)
                    record["kept"] = RUN
                else:
                    shutil.rmtree(scratch, ignore_errors=True)
        except OSError as error:
            raise InputError(
                f"cannot write {place}: {error}; the results so far are complete, run the study "
                "again to go on"
            ) from error
        write_json(place / RESULT, record)
        return record


def _is_over(place: Path) -> bool:
    """Whether the session that made a folder for a case is over, or its last change long ago."""
    import psutil

    parts = place.name.split("-", 4)  # key, attempt, session, process, host
    if len(parts) == 5 and parts[4] == socket.gethostname() and parts[3].isdigit():
        process = int(parts[3])
        if process == os.getpid():
            return "-".join(parts[2:]) not in _OPEN
        try:  # its number may be in use again
            return bool(psutil.Process(process).create_time() > place.stat().st_mtime)
        except psutil.NoSuchProcess:
            return True
        except (psutil.Error, OSError):
            return False
    changes = [place, *place.rglob("*")]
    with contextlib.suppress(OSError):
        return time.time() - max(path.stat().st_mtime for path in changes) > _LONG
    return False  # it is being written


def _move_away(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.unreadable-{time.time_ns()}"))


def _solutions(scratch: Path, target: Path) -> None:
    """Copy the solutions in a folder, each under its place in it, as the start of neighbours."""
    shutil.rmtree(target, ignore_errors=True)
    for file in sorted(scratch.rglob("solution.h5")):
        place = target / file.parent.relative_to(scratch)
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place / file.name)


def write_json(path: Path, contents: Mapping[str, Any]) -> None:
    """Write plain data at once, on disk when this returns."""
    with replaced(path) as partial:
        partial.write_text(json.dumps(contents, indent=1, allow_nan=False), encoding="utf-8")


def _definition(study: Study, axes: Sequence[Axis], cases: Sequence[Case]) -> dict[str, Any]:
    import hashlib

    base = json.loads(json.dumps(study.base.data, default=str))
    files = _files(base, study.directory)
    text = json.dumps([base, files], sort_keys=True)
    samples = study.input.samples
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "name": study.name,
        "title": study.input.title or str(base.get("title", "")),
        "base": base,
        "base_file": study.base_file,
        "directory": str(study.directory.resolve()),
        "files": files,
        "physics": [_core.__version__, RESULTS_VERSION],
        "versions": {"pyscl": _core.__version__, "code": code_identity()},
        "hash": hashlib.sha256(text.encode()).hexdigest()[:24],
        "axes": [axis.to_dict() for axis in axes],
        "sampling": samples.model_dump() if samples else None,
        "continuation": study.input.continuation,
        "outputs": {name: value.model_dump() for name, value in study.input.outputs.items()},
        "cases": {case.key: case.to_dict() for case in cases},
    }


def _files(data: Any, directory: Path) -> dict[str, str]:
    """Return the hashes of all files that a run file names."""
    if isinstance(data, Mapping):
        data = list(data.values())
    if isinstance(data, list):
        return {name: value for item in data for name, value in _files(item, directory).items()}
    if isinstance(data, str) and "." in data and len(data) < 1000:
        with contextlib.suppress(OSError, ValueError):
            if (directory / data).is_file():
                return {data: contents_of(directory / data)}
    return {}


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], axes: Sequence[Axis]) -> list[str]:
    """Return what differs between two bases and has an effect on the cases."""
    replaced_by_axes = {
        path for axis in axes for point in axis.points for path, _ in point.overrides
    }
    lines = []
    before, after = dict(_leaves(old["base"])), dict(_leaves(new["base"]))
    for path in {**before, **after}:
        if path in _NO_EFFECT or path in replaced_by_axes:
            continue
        if before.get(path) != after.get(path):
            was, now = (json.dumps(d[path]) if path in d else "nothing" for d in (before, after))
            lines.append(f"{path}: {was} then, {now} now")
    for name in sorted(old["files"].keys() & new["files"].keys()):
        if old["files"][name] != new["files"][name]:
            lines.append(f"the contents of {name} have changed")
    return lines


def _leaves(data: Any, path: str = "") -> list[tuple[str, Any]]:
    items: list[tuple[Any, Any]]
    if isinstance(data, Mapping):
        items = list(data.items())
    elif isinstance(data, list):
        items = list(enumerate(data))
    else:
        return [(path, data)]
    below = [leaf for key, item in items for leaf in _leaves(item, f"{path}.{key}".lstrip("."))]
    return below or [(path, data)]
