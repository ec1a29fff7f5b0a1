"""Files that are either the old one or the new one, whatever happens while they are written."""

import contextlib
import hashlib
import io
import os
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from pyscl.errors import InputError

if TYPE_CHECKING:
    import h5py

PARTIAL = ".part"
"""Suffix of a file that is being written; a process that was killed may leave one."""

_SEAL = b"pyscl, SHA-256 of what follows the first 512 bytes: "
_BLOCK = 512  # smallest user block of HDF5, which its readers skip


def check_writable(path: str | PathLike[str]) -> None:
    """Refuse a file that could not be written later.

    Raises:
        InputError: no such folder, or no permission.
    """
    probe = Path(path).with_name(Path(path).name + PARTIAL)
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"cannot write {path}: {error}") from error


@contextlib.contextmanager
def replaced(path: str | PathLike[str], *, suffix: str = PARTIAL) -> Iterator[Path]:
    """Give a place in the folder of `path` to write to, and put it in place when it is on disk.

    The contents are on disk before the name changes (fsync, then rename, then fsync of the
    folder), so that neither a killed process nor a power failure leaves half a file.

    Args:
        path: the file that is wanted.
        suffix: what is added to its name while it is written.

    Raises:
        InputError: the file cannot be written (no such folder, no permission, disk full); an
            earlier file is left as it was.
    """
    target = Path(path)
    partial = target.with_name(target.name + suffix)
    try:
        yield partial
        with open(partial, "rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, target)
        with contextlib.suppress(OSError):  # not every system opens folders
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        kept = "; the earlier file is unchanged" if target.is_file() else ""
        raise InputError(f"cannot write {target}: {error}{kept}") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


@contextlib.contextmanager
def hdf5(path: str | PathLike[str], *, sealed: bool = False) -> Iterator["h5py.File"]:
    """Give an HDF5 file to fill, and write it at once when it is complete.

    It is made in memory: the HDF5 library does not survive a disk that runs full under it.

    Args:
        path: the file that is wanted.
        sealed: put a checksum of the file before its contents, for `check_seal`.

    Raises:
        InputError: the file cannot be written; an earlier file is left as it was.
    """
    import h5py

    with replaced(path) as partial:
        image = io.BytesIO()
        with h5py.File(image, "w", userblock_size=_BLOCK if sealed else 0) as file:
            yield file
        contents = image.getbuffer()
        with open(partial, "wb") as raw:
            if sealed:
                digest = hashlib.sha256(contents[_BLOCK:]).hexdigest()
                raw.write((_SEAL + digest.encode() + b"\n").ljust(_BLOCK, b"\0"))
                contents = contents[_BLOCK:]
            raw.write(contents)


def check_seal(path: str | PathLike[str]) -> bool:
    """Return whether a file has a checksum before its contents, and check it.

    Raises:
        InputError: the contents are not those that were written.
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(_BLOCK)
        if not head.startswith(_SEAL):
            return False
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if head != (_SEAL + digest.encode() + b"\n").ljust(_BLOCK, b"\0"):
        raise InputError("it is damaged: its contents do not belong to its checksum")
    return True
