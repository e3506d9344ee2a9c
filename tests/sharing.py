"""What is dear to make is made once for all workers of a test session, and copied."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

_folder: list[Path] = []


def share_in(folder: Path) -> None:
    """Everything shared lies there: a folder that all workers of the session know."""
    _folder[:] = [folder]


def made(name: str, make: Callable[[Path], None]) -> Path:
    """The file or folder ``name``, which ``make`` makes, for reading only; within a session."""
    known = _folder[0] / name
    with known.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not known.exists():
            half = known.with_suffix(".half")
            make(half)
            half.replace(known)
    return known


def laid(name: str, path: Path, make: Callable[[Path], None]) -> None:
    """Puts the file ``name``, which ``make`` makes, at ``path``; outside of a session a new one."""
    if not _folder:
        make(path)
        return
    shutil.copyfile(made(name, make), path)
