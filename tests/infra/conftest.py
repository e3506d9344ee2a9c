"""The bundles for this machine, built once for all tests that run them."""

import os
import zipfile
from pathlib import Path
from typing import Final

import pytest

from infra import bundle
from tests.infra import synth
from tests.infra.synth import Template
from tests.sharing import made

CONTENTS: Final = {"api": bundle.API, "insights": bundle.INSIGHTS}


def bundle_here(name: str) -> Path:
    """A bundle that this machine and this interpreter can run."""

    def make(target: Path) -> None:
        contents, python = CONTENTS[name], bundle.OWN_PYTHON
        bundle.build(target, contents, platform=bundle.THIS_MACHINE, python=python)

    return made(f"bundle-{name}.zip", make)


def unpacked(name: str) -> Path:
    """The same as Lambda unpacks it."""
    packed = bundle_here(name)

    def make(target: Path) -> None:
        with zipfile.ZipFile(packed) as content:
            content.extractall(target)

    return made(f"task-{name}", make)


@pytest.fixture(scope="session")
def built(shared: None) -> Path:
    """Give the bundle of all functions but one."""
    return bundle_here("api")


@pytest.fixture(scope="session")
def task(built: Path) -> Path:
    """Give the same unpacked."""
    return unpacked("api")


@pytest.fixture(scope="session")
def insights_built(shared: None) -> Path:
    """Give the bundle with SciPy."""
    return bundle_here("insights")


@pytest.fixture(scope="session")
def insights_task(insights_built: Path) -> Path:
    """Give the same unpacked."""
    return unpacked("insights")


@pytest.fixture(scope="session")
def templates() -> Path:
    """Give the folder of what the app synthesizes, made once for the sources as they are.

    Without Node there is none: then tests of templates are skipped, but never by CI.
    """
    folder = synth.folder_of_now()
    try:
        synth.synthesized(folder)
    except synth.NodeMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))
    return folder


@pytest.fixture(scope="session")
def dev(templates: Path) -> Template:
    """Give the smaller stage's template."""
    return Template(templates / "dev", "portal-dev")


@pytest.fixture(scope="session")
def paused(templates: Path) -> Template:
    """Give the smaller stage's template while its table is restored."""
    return Template(templates / "dev-paused", "portal-dev")


@pytest.fixture(scope="session")
def prod(templates: Path) -> Template:
    """Give the template of where people are paid."""
    return Template(templates / "prod", "portal-prod")


@pytest.fixture(scope="session")
def edge(templates: Path) -> Template:
    """Give the template of what stands before the API."""
    return Template(templates / "prod", "portal-prod-edge")


@pytest.fixture(scope="session", params=["dev", "prod"])
def template(request: pytest.FixtureRequest) -> Template:
    """Give each stage's template: what holds for both."""
    found: Template = request.getfixturevalue(request.param)
    return found
