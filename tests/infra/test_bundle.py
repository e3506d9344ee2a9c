"""The bundle is the same byte for byte, holds what a function needs and nothing for developers."""

import hashlib
import importlib.util
import marshal
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra import bundle
from tests.infra.conftest import CONTENTS, bundle_here

REPOSITORY = Path(bundle.__file__).parent.parent
CODE_AT = 16  # The head of byte code: magic number, flags, and the hash of the source.
UNCHECKED = 1
AARCH64 = 183  # e_machine in the head of an ELF file.
FUNCTIONS = [
    "handler",
    *(f"functions.{name}" for name in ("scheduled", "stream", "tokens", "webhooks")),
]
IMPORTING = """
import importlib, os, pkgutil, sys
sys.path.append(sys.argv[1])
import portal_api
for module in pkgutil.walk_packages(portal_api.__path__, "portal_api."):
    importlib.import_module(module.name)
import boto3
boto3.client("events", region_name="us-east-1")
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""

SERVING = """
import importlib, sys
from pathlib import Path
for name in sys.argv[2:]:
    importlib.import_module("portal_api." + name)
from tests.api import event_of, send
from tests.portals import ADMIN, NAME, opened
with opened(Path(sys.argv[1])) as portal:
    assert 200 == send(portal, event_of(ADMIN, NAME))["statusCode"]
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
ANSWERING = """
import sys
sys.path[:] = [*sys.argv[1:2], *sys.path, *sys.argv[2:]]
from tests.insights.planted import Sketch, drawn, steady
from portal_api.domain.insights.answers import answers
from portal_api.domain.insights.market import Incentive
paid = {"paid:rule:DEMO:USD": ("DEMO", 50_00)}
demo = Incentive("DEMO", before=0, starts=20, ends=None, rules=("rule",))
doing = lambda company, person, week: 3.0 if week >= 20 else 0.5
rates = {"DEMO": doing, "CALL": steady(1.0)}
market = drawn(Sketch(rates, incentives=(demo,), paid=paid, pays=lambda week: week >= 20), 1)
print(answers(market, (), ()))
import numpy, scipy.stats
print(numpy.__file__, scipy.stats.__file__)
"""
COMPUTING = {"numpy", "pandas", "scipy"}


def names_in(path: Path) -> list[str]:
    """The files in a zip, in its order."""
    with zipfile.ZipFile(path) as packed:
        return packed.namelist()


def sums_in(path: Path) -> dict[str, int]:
    """The checksum of each file in a zip."""
    with zipfile.ZipFile(path) as packed:
        return {one.filename: one.CRC for one in packed.infolist()}


def is_native(name: str) -> bool:
    """Whether a file has machine code."""
    return ".so" in Path(name).suffixes


def imported_from(folder: Path) -> set[str]:
    """The packages that a process has which finds nothing but that folder's, and imports all."""
    command = [sys.executable, "-I", "-S", "-B", "-c", IMPORTING, str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert 0 == done.returncode, done.stderr
    return set(done.stdout.split())


@pytest.mark.slow
def test_another_checkout_builds_the_same_bytes(built: Path, tmp_path: Path) -> None:
    """In a directory of another name, by a process of its own, with files of another time."""
    checkout = tmp_path / "of-another-name"
    checkout.mkdir()
    for name in ("pyproject.toml", "uv.lock", "README.md", "LICENSE"):
        shutil.copyfile(REPOSITORY / name, checkout / name)
    for name in ("infra/bundle.py", "src"):
        source, target = REPOSITORY / name, checkout / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, copy_function=shutil.copyfile, ignore=ignored)
        else:
            shutil.copyfile(source, target)
    (checkout / ".uv").symlink_to(REPOSITORY / ".uv")
    command = [sys.executable, "-m", "infra.bundle", "build/again.zip", "--here"]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, check=True, text=True
    )
    assert built.read_bytes() == (checkout / "build" / "again.zip").read_bytes()
    assert f"sha256 {hashlib.sha256(built.read_bytes()).hexdigest()}" in done.stdout


def test_entries_are_sorted_and_have_neither_time_nor_owner(built: Path) -> None:
    with zipfile.ZipFile(built) as packed:
        entries = packed.infolist()
    assert sorted(entry.filename.split("/") for entry in entries) == [
        entry.filename.split("/") for entry in entries
    ]
    assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in entries}
    assert {0o100644} == {entry.external_attr >> 16 for entry in entries}
    assert {b""} == {entry.extra for entry in entries}


def test_nothing_for_developers_is_deployed(built: Path) -> None:
    """Neither the local portal, whose tokens open everything, nor its data, nor the commands."""
    names = names_in(built)
    assert "portal_api/handler.py" in names
    top = {Path(name).parts[1] for name in names if name.startswith("portal_api/")}
    assert not {"cli", "demo", "dev"} & top
    assert [] == [name for name in names if ".dist-info" in name or name.endswith(".pyi")]
    data = {Path(name).parts[2] for name in names if name.startswith("botocore/data/")}
    assert {"dynamodb", "events"} == {name for name in data if "." not in name and name[0] != "_"}


def test_every_source_has_byte_code_that_is_taken_as_it_is(built: Path, task: Path) -> None:
    """It is of this interpreter, does not look at the source's time, and names Lambda's paths."""
    sources = [name for name in names_in(built) if name.endswith(".py")]
    for name in sources:
        compiled = task / importlib.util.cache_from_source(name)
        content = compiled.read_bytes()
        assert importlib.util.MAGIC_NUMBER == content[:4]
        assert UNCHECKED == int.from_bytes(content[4:8], "little")
    handler = task / importlib.util.cache_from_source("portal_api/handler.py")
    code = marshal.loads(handler.read_bytes()[CODE_AT:])
    assert "/var/task/portal_api/handler.py" == code.co_filename


def test_all_of_it_runs_from_its_byte_code_and_each_package_is_used(
    task: Path, tmp_path: Path
) -> None:
    """With sources that cannot run, and without any package from elsewhere."""
    shutil.copytree(task, tmp_path / "task")
    for source in (tmp_path / "task").rglob("*.py"):
        source.write_text("raise AssertionError('the source was compiled')")
    imported = imported_from(tmp_path / "task")
    there = {path.name.removesuffix(".py") for path in task.iterdir()} - {"__pycache__"}
    # The time zones are read as data; the names of foreign hosts are encoded when there is one.
    assert {"idna", "tzdata"} == there - imported


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "zipped", "unpacked"),
    [("api", 12_000_000, 30_000_000), ("insights", 65_000_000, 200_000_000)],
)
def test_the_bundle_for_lambda_differs_in_machine_code_only(
    name: str, zipped: int, unpacked: int, tmp_path: Path
) -> None:
    """Of this interpreter's version, since another one may not be there; and of a size to start.

    Lambda takes 250 MB. All the rest has the same bytes as in the bundle for this machine, which
    another process built at another time.
    """
    target, contents, python = tmp_path / "lambda.zip", CONTENTS[name], bundle.OWN_PYTHON
    made = bundle.build(target, contents, platform=bundle.LAMBDA, python=python)
    assert made.zipped_bytes < zipped
    assert made.zipped_bytes == made.path.stat().st_size
    assert made.unpacked_bytes < unpacked
    with zipfile.ZipFile(made.path) as packed:
        native = [one for one in packed.namelist() if is_native(one)]
        heads = [packed.open(one).read(20) for one in native]
    assert native
    assert {AARCH64} == {int.from_bytes(head[18:20], "little") for head in heads}
    sums, sums_here = (
        {one: of for one, of in sums_in(path).items() if not is_native(one)}
        for path in (made.path, bundle_here(name))
    )
    assert sums.keys() == sums_here.keys()
    different = {one for one in sums if sums[one] != sums_here[one]}
    assert different <= {one for one in sums if "__config__" in one}  # They name the processor.


def test_no_function_loads_what_only_computing_needs(tmp_path: Path) -> None:
    """Though all of it is installed here, where a cold start would be a second longer by it."""
    command = [sys.executable, "-B", "-c", SERVING, str(tmp_path), *FUNCTIONS]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False, text=True)
    assert 0 == done.returncode, done.stderr
    loaded = set(done.stdout.split("\n")[-2].split())
    assert {"portal_api", "boto3"} <= loaded
    assert set() == loaded & COMPUTING
    assert all(importlib.util.find_spec(name) for name in COMPUTING)


@pytest.mark.slow
def test_the_bundle_that_computes_answers_all_questions_as_this_checkout(
    insights_task: Path,
) -> None:
    """With nothing else installed, and though much of SciPy is left out."""
    alone = [sys.executable, "-I", "-S", "-B", "-c", ANSWERING, f"{insights_task}"]
    here = [sys.executable, "-B", "-c", ANSWERING, f"{REPOSITORY / 'src'}"]
    told = [
        subprocess.run(
            [*command, f"{REPOSITORY}"], capture_output=True, check=True, text=True
        ).stdout.splitlines()
        for command in (alone, here)
    ]
    assert "ORG_WIDE" in told[0][0]
    assert told[0][0] == told[1][0]
    files = told[0][1].split()
    assert [True, True] == [Path(one).is_relative_to(insights_task) for one in files]


@pytest.mark.slow
def test_the_bundle_that_computes_is_the_other_one_and_scipy(
    built: Path, insights_built: Path
) -> None:
    ours, larger = sums_in(built), sums_in(insights_built)
    assert ours.items() <= larger.items()
    added = {Path(name).parts[0] for name in larger.keys() - ours.keys()}
    assert {"numpy", "numpy.libs", "scipy", "scipy.libs"} == added


def test_a_platform_without_wheels_is_an_error_that_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match="msgspec"):
        bundle.build(tmp_path / "none.zip", platform="wasm32-pyodide2024", python=bundle.OWN_PYTHON)
    assert [] == list(tmp_path.iterdir())


def test_without_an_interpreter_of_the_version_the_error_says_how_to_get_one() -> None:
    with pytest.raises(bundle.BundleError, match=r"no python3\.99 here.*uv python install 3\.99"):
        bundle.interpreter_of("3.99")


def test_an_interpreter_that_does_not_run_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a version manager's shim, of a version that it has not installed."""
    shim = tmp_path / "first" / "python3.98"
    real = tmp_path / "second" / "python3.98"
    for path, text in ((shim, "exit 127"), (real, "echo 3.98")):
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{real.parent}:{os.environ['PATH']}")
    assert real == bundle.interpreter_of("3.98")
