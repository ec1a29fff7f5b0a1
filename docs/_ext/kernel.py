"""The place where cells of the pages run: as in the folder of the project, but nothing lands there.

Cells see `examples` and `meshes`, the command `pyscl` is the one of the interpreter that builds the
pages, and what they write goes to the build folder.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

STARTUP = """
import os
import subprocess
import sys
import matplotlib
matplotlib.use("module://matplotlib_inline.backend_inline")
from matplotlib_inline.backend_inline import set_matplotlib_formats
set_matplotlib_formats("png", dpi=160)
os.chdir({work!r})
for name in ("FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):  # set by the kernel
    os.environ.pop(name, None)
os.environ |= {{"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100"}}

def bash(line, cell):
    # that of IPython cuts lines where the buffer ends, and this one fails when a command does
    done = subprocess.run(["bash", "-e", "-c", cell], capture_output=True, text=True)
    print(done.stdout + done.stderr, end="")
    if done.returncode and line.strip() != "--may-fail":
        raise SystemExit(f"the cell ended with exit code {{done.returncode}}")

get_ipython().register_magic_function(bash, "cell", "bash")
del matplotlib, name, set_matplotlib_formats
"""


def fingerprint(places: Iterable[Path]) -> str:
    """Return a hash of all that a cell can run or read: the names and contents of files.

    Args:
        places: files, and folders with all that is in them.
    """
    found = hashlib.sha256()
    for place in places:
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in inside:
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.name}\0{path.stat().st_size}\0".encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:16]


def prepare(root: Path, build: Path, key: str) -> Path:
    """Make the working folder and the start file of the kernel below `build`.

    Nothing of a build with another key is used again: neither outputs of cells, nor files that
    cells wrote (a study does not compute again what it finds in its folder).

    Returns:
        The folder for the outputs of cells.
    """
    work, commands, written = build / "work", build / "bin", build / "key"
    if not written.exists() or written.read_text() != key:
        for stale in (work, build / "cells"):
            shutil.rmtree(stale, ignore_errors=True)
        build.mkdir(parents=True, exist_ok=True)
        written.write_text(key)
    startup = build / "ipython" / "profile_default" / "startup"
    for folder in (work, commands, startup):
        folder.mkdir(parents=True, exist_ok=True)
    for name in ("cpp", "examples", "meshes"):
        link = work / name
        if not link.exists():
            link.symlink_to(root / name, target_is_directory=True)
    (startup / "00-docs.py").write_text(STARTUP.format(work=str(work)))
    for name, options in (("pyscl", '-c "from pyscl.cli import main; main()"'), ("python", "")):
        command = commands / name  # a link would lose the virtual environment
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {options} "$@"\n')
        command.chmod(0o755)
    os.environ |= {
        "IPYTHONDIR": str(build / "ipython"),
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p and p != str(Path(__file__).parent)),
    }
    return build / "cells" / key
