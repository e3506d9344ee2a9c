"""The bundle is the same byte for byte, holds what a function needs and nothing for developers."""

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


def names_in(path: Path) -> list[str]:
    """The files in a zip, in its order."""
    with zipfile.ZipFile(path) as packed:
        return packed.namelist()


def imported_from(folder: Path) -> set[str]:
    """The packages that a process has which finds nothing but that folder's, and imports all."""
    command = [sys.executable, "-I", "-S", "-B", "-c", IMPORTING, str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert 0 == done.returncode, done.stderr
    return set(done.stdout.split())


@pytest.mark.slow
def test_another_checkout_builds_the_same_bytes(built: bundle.Bundle, tmp_path: Path) -> None:
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
    assert built.path.read_bytes() == (checkout / "build" / "again.zip").read_bytes()
    assert f"sha256 {built.sha256}" in done.stdout


def test_entries_are_sorted_and_have_neither_time_nor_owner(built: bundle.Bundle) -> None:
    with zipfile.ZipFile(built.path) as packed:
        entries = packed.infolist()
    assert sorted(entry.filename.split("/") for entry in entries) == [
        entry.filename.split("/") for entry in entries
    ]
    assert {(1980, 1, 1, 0, 0, 0)} == {entry.date_time for entry in entries}
    assert {0o100644} == {entry.external_attr >> 16 for entry in entries}
    assert {b""} == {entry.extra for entry in entries}


def test_nothing_for_developers_is_deployed(built: bundle.Bundle) -> None:
    """Neither the local portal, whose tokens open everything, nor its data, nor the commands."""
    names = names_in(built.path)
    assert "portal_api/handler.py" in names
    top = {Path(name).parts[1] for name in names if name.startswith("portal_api/")}
    assert not {"cli", "demo", "dev"} & top
    assert [] == [name for name in names if ".dist-info" in name or name.endswith(".pyi")]
    data = {Path(name).parts[2] for name in names if name.startswith("botocore/data/")}
    assert {"dynamodb", "events"} == {name for name in data if "." not in name and name[0] != "_"}


def test_every_source_has_byte_code_that_is_taken_as_it_is(
    built: bundle.Bundle, task: Path
) -> None:
    """It is of this interpreter, does not look at the source's time, and names Lambda's paths."""
    sources = [name for name in names_in(built.path) if name.endswith(".py")]
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
def test_the_bundle_for_lambda_differs_in_machine_code_only(
    built: bundle.Bundle, tmp_path: Path
) -> None:
    """Of this interpreter's version, since another one may not be there; and of a size to start."""
    made = bundle.build(tmp_path / "lambda.zip", platform=bundle.LAMBDA, python=bundle.OWN_PYTHON)
    assert made.zipped_bytes < 12_000_000
    assert made.zipped_bytes == made.path.stat().st_size
    with zipfile.ZipFile(made.path) as packed:
        native = [name for name in packed.namelist() if ".so" in Path(name).suffixes]
        heads = [packed.read(name)[:20] for name in native]
    assert native
    assert {AARCH64} == {int.from_bytes(head[18:20], "little") for head in heads}
    plain = {name for name in names_in(made.path) if ".so" not in Path(name).suffixes}
    assert plain == {name for name in names_in(built.path) if ".so" not in Path(name).suffixes}


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
