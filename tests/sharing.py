"""What is dear to make is made once for all workers of a test session, and copied."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

_folder: list[Path] = []


def share_in(folder: Path) -> None:
    """Everything shared lies there: a folder that all workers of the session know."""
    _folder[:] = [folder]


def laid(name: str, path: Path, make: Callable[[Path], None]) -> None:
    """Puts the file ``name``, which ``make`` makes, at ``path``; outside of a session a new one."""
    if not _folder:
        make(path)
        return
    made = _folder[0] / name
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            half = made.with_suffix(".half")
            make(half)
            half.replace(made)
    shutil.copyfile(made, path)
