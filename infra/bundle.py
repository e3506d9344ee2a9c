"""The zips of the Lambda functions: locked wheels for the target, this program, and no more.

``python -m infra.bundle build/portal-api-arm64.zip`` makes the one that all functions run but one;
with ``--insights`` SciPy is in it as well, for the function that computes. It needs no Docker:
wheels are files for a platform, and only the byte code needs an interpreter of the target's minor
version. Built twice by one interpreter, a zip is the same byte for byte, so a deployment without a
change is none.
"""

import argparse
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LAMBDA: Final = "aarch64-manylinux_2_28"
"""What Lambda's own Python 3.13 on Graviton can load; its Amazon Linux has glibc 2.34."""
LAMBDA_PYTHON: Final = "3.13"
THIS_MACHINE: Final = None
"""A bundle that runs here, for tests."""
OWN_PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
ROOT: Final = "/var/task"
"""Where Lambda unpacks a bundle, and so what its tracebacks name."""

_REPOSITORY = Path(__file__).resolve().parent.parent
_PACKAGE = _REPOSITORY / "src" / "portal_api"
_FOR_DEVELOPERS = {"cli", "demo", "dev"}
_CLOUD_SERVICES = {"dynamodb", "events"}  # What the functions call; the rest of the cloud is 25 MB.
_UNUSED = (
    "*.dist-info",
    "bin",
    ".lock",
    "**/*.pyi",
    "**/py.typed",
    "boto3/data",
    "boto3/examples",
    # Half of what all libraries take: what Powertools has beside its logger and its metrics.
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/utilities/[!_j]*",  # The logger needs jmespath_utils.
    "packaging",  # For Strawberry's Datadog extension only.
)
"""What the wheels bring and no function reads; a test tries all of this program without it."""
_UNUSED_TO_COMPUTE = (
    "numpy/**/tests",
    "scipy/**/tests",
    "numpy/conftest.py",
    "scipy/conftest.py",
    "numpy/_pyinstaller",
    # For who compiles against them.
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/random/lib",
    "numpy/**/*.pxd",
    "scipy/**/*.pxd",
    # What SciPy has beside what its statistics import, or could import when they are called.
    "scipy/cluster",
    "scipy/datasets",
    "scipy/fftpack",
    "scipy/io",
    "scipy/misc",
    "scipy/odr",
    "scipy/signal",
)
"""The same of SciPy and NumPy, which are three quarters of the larger bundle."""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # A zip knows no earlier one.


class BundleError(Exception):
    """There can be no bundle; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a zip beside the program: ``extras`` of ``pyproject.toml``, less ``unused``."""

    extras: tuple[str, ...] = ()
    unused: tuple[str, ...] = _UNUSED


API: Final = Contents()
"""What answers and does what becomes due."""
INSIGHTS: Final = Contents(("insights",), (*_UNUSED, *_UNUSED_TO_COMPUTE))
"""The same and SciPy, which takes too long to load, and to unpack, where somebody waits."""


@dataclass(frozen=True)
class Bundle:
    """A zip for Lambda. ``parts`` are the bytes of each top-level package, unpacked."""

    path: Path
    sha256: str
    zipped_bytes: int
    unpacked_bytes: int
    parts: Mapping[str, int]

    def __str__(self) -> str:
        """Its sizes, its hash and its largest parts."""
        largest = sorted(self.parts.items(), key=lambda part: -part[1])[:8]
        lines = [
            f"{self.path}",
            f"{_megabytes(self.zipped_bytes)} zipped, {_megabytes(self.unpacked_bytes)} unpacked",
            f"sha256 {self.sha256}",
            *(f"{_megabytes(size):>9}  {name}" for name, size in largest),
        ]
        return "\n".join(lines)


def build(
    target: Path,
    contents: Contents = API,
    *,
    platform: str | None = LAMBDA,
    python: str = LAMBDA_PYTHON,
) -> Bundle:
    """Makes the zip ``target``, of ``uv.lock`` and of the sources as they are.

    ``platform`` is a name that uv knows, or ``THIS_MACHINE``; ``python`` a minor version. Raises
    ``BundleError`` without an interpreter of it, and where a wheel for the platform is missing.
    """
    interpreter = interpreter_of(python)
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder) / "stage"
        _install(stage, contents.extras, platform, python, interpreter)
        _leave_out(stage, contents.unused)
        _add_program(stage)
        _compile(stage, interpreter)
        files = sorted(path for path in stage.rglob("*") if path.is_file())
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".new")
        _write(partial, stage, files)
        partial.replace(target)
        sizes = {path.relative_to(stage): path.stat().st_size for path in files}
    parts: Counter[str] = Counter()
    for path, size in sizes.items():
        parts[path.parts[0]] += size
    content = target.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return Bundle(target, digest, len(content), sum(sizes.values()), parts)


def interpreter_of(version: str) -> Path:
    """An interpreter of this minor version on this machine; raises ``BundleError``."""
    for candidate in _candidates(version):
        if _version_of(candidate) == version:
            return candidate
    raise BundleError(
        f"There is no python{version} here, neither on PATH nor of pyenv or uv, and byte code is"
        f" of one minor version. `.uv/bin/uv python install {version}` gets one."
    )


def _candidates(version: str) -> Iterator[Path]:
    """Where it may be. What is found can be a version manager's shim that does not run."""
    yield Path(sys.executable)
    for folder in os.get_exec_path():
        yield Path(folder) / f"python{version}"
    pyenv = _output("pyenv", "root")
    roots = [Path(pyenv)] if pyenv else []
    for root in (*roots, Path.home() / ".pyenv"):
        yield from sorted(root.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
    managed = _output(str(_uv()), "--no-config", "python", "find", "--managed-python", version)
    if managed:
        yield Path(managed)


def _version_of(interpreter: Path) -> str | None:
    """The minor version that an interpreter says it has, if it runs."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    return _output(str(interpreter), "-I", "-c", program)


def _output(*command: str) -> str | None:
    """What a command prints; None where it cannot be run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603 - Its own tools.
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip() or None


def _uv() -> Path:
    """The uv of this checkout, or another one."""
    own = _REPOSITORY / ".uv" / "bin" / "uv"
    found = own if own.exists() else shutil.which("uv")
    if found is None:
        raise BundleError("There is no uv: `make setup` installs it.")
    return Path(found)


def _install(
    stage: Path, extras: tuple[str, ...], platform: str | None, python: str, interpreter: Path
) -> None:
    """Unpacks the locked wheels of what a deployed function needs."""
    requirements = stage.with_name("requirements.txt")
    quiet = ("--no-config", "--quiet")
    locked = ("export", "--frozen", "--no-dev", "--no-emit-project", "--project", str(_REPOSITORY))
    asked = [argument for name in extras for argument in ("--extra", name)]
    _run(str(_uv()), *quiet, *locked, *asked, "--output-file", str(requirements))
    known = ("--require-hashes", "--no-deps", "--only-binary", ":all:")
    where = ("--target", str(stage), "--python", str(interpreter), "--python-version", python)
    wheels = () if platform is None else ("--python-platform", platform)
    install = ("pip", "install", *known, *where, *wheels, "--requirement", str(requirements))
    try:
        _run(str(_uv()), *quiet, *install)
    except BundleError:
        # As `make setup` does it: once more, with the certificates of this machine.
        _run(str(_uv()), *quiet, "--system-certs", *install)


def _run(*command: str) -> None:
    """Runs a command of the build in an environment that steers neither uv nor Python."""
    kept = ("UV_CACHE_DIR", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_HTTP_")
    steering = ("UV_", "PYTHON", "VIRTUAL_ENV", "CONDA_")
    environment = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - Handed on to the build's tools.
        if name.startswith(kept) or not name.startswith(steering)
    }
    # A set's order, and with it the byte code, would be another one each time.
    environment["PYTHONHASHSEED"] = "0"
    done = subprocess.run(command, capture_output=True, check=False, env=environment, text=True)  # noqa: S603 - Its own tools.
    if done.returncode != 0:
        raise BundleError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _leave_out(stage: Path, unused: tuple[str, ...]) -> None:
    """Removes what is installed with the wheels and never read by a function."""
    for pattern in unused:
        found = list(stage.glob(pattern))
        if not found:
            raise BundleError(f"Nothing is {pattern} any more: look for where it went.")
        for path in found:
            _remove(path)
    for path in (stage / "botocore" / "data").iterdir():
        if path.is_dir() and path.name not in _CLOUD_SERVICES:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _add_program(stage: Path) -> None:
    """Copies this program, without what serves developers: its tokens open everything."""
    for path in sorted(_PACKAGE.rglob("*")):
        place = path.relative_to(_PACKAGE)
        if path.is_dir() or place.parts[0] in _FOR_DEVELOPERS or "__pycache__" in place.parts:
            continue
        if path.name != "py.typed":
            copy = stage / _PACKAGE.name / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def _compile(stage: Path, interpreter: Path) -> None:
    """Adds byte code that is taken as it is, however old the zip says that its source is."""
    paths = ("-s", str(stage), "-p", ROOT)
    mode = ("--invalidation-mode", "unchecked-hash", "-j", "1")
    _run(str(interpreter), "-s", "-S", "-m", "compileall", "-q", *paths, *mode, str(stage))


def _write(target: Path, stage: Path, files: list[Path]) -> None:
    """Packs the files, in their order and without anything of this machine."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bundle:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(stage).as_posix(), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose modes follow.
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            bundle.writestr(entry, path.read_bytes())


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.2f} MB"


def main() -> None:
    """Builds a bundle and prints what it is."""
    parser = argparse.ArgumentParser(prog="python -m infra.bundle", description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--insights", action="store_true", help="with SciPy in it")
    parser.add_argument("--platform", default=LAMBDA, help="a platform as uv names it")
    parser.add_argument("--python", default=LAMBDA_PYTHON, help="the minor version")
    parser.add_argument("--here", action="store_true", help="for this machine and interpreter")
    given = parser.parse_args()
    platform, python = (THIS_MACHINE, OWN_PYTHON) if given.here else (given.platform, given.python)
    try:
        contents = INSIGHTS if given.insights else API
        made = build(given.target, contents, platform=platform, python=python)
    except BundleError as problem:
        sys.exit(str(problem))
    sys.stdout.write(f"{made}\n")


if __name__ == "__main__":
    main()
