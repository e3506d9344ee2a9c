"""Tools that do not fit beside the project's packages, each in a virtual environment of its own.

An environment is made by the first test that needs it, from a file of exact versions and hashes.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes")


def installed(requirements: Path, home: Path) -> Path:
    """Make the environment `home/venv` unless it is there; other workers wait for who makes it.

    Returns:
        The path of its interpreter.
    """
    environment = home / "venv"
    python = environment / "bin" / "python"
    stamp = environment / "installed.sha256"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(environment, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(environment))
            _run(str(python), *_PIP, "--requirement", str(requirements))
            stamp.write_text(wanted)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode != 0:
        message = f"{' '.join(command)} failed; it is installed from PyPI on first use"
        raise RuntimeError(f"{message}:\n{done.stdout}{done.stderr}")
