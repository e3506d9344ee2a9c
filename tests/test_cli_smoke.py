"""The smoke test of an API: one that behaves, and those that do not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner

from portal_api import app, handler
from portal_api.cli import main
from portal_api.cli.web import NoAnswer, post
from portal_api.dev.gateway import HOST, gateway
from portal_api.dev.portal import listener
from portal_api.dev.tokens import CLIENT_ID, Issuer
from portal_api.services.use_case import Portal
from tests.portals import ADMIN, opened


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """Give a portal with an administrator."""
    with opened(tmp_path) as portal:
        yield portal


@contextmanager
def served(portal: Portal, issuer: Issuer, *, introspection: bool = False) -> Iterator[str]:
    """The API behind a gateway, as in AWS; its address."""
    graphql = app.create_app(portal.store, portal.clock, portal.new_id, introspection=introspection)
    entry = handler.entry_of("test", graphql, {CLIENT_ID}, frozenset())
    site = gateway(entry, issuer, lambda: "")
    server = uvicorn.Server(uvicorn.Config(site, log_level="warning", lifespan="off", ws="none"))
    with listener(0) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://{HOST}:{listening.getsockname()[1]}/graphql"
        finally:
            server.should_exit = True
            thread.join()


def smoke(url: str, token: str, code: int = 0) -> list[str]:
    """What the smoke test prints, without what the API logs in this very process."""
    asked = ["smoke", "--url", url, "--token", "-"]
    done = CliRunner().invoke(main, asked, input=f"{token}\n")
    assert code == done.exit_code, done.output
    return [line for line in done.output.splitlines() if line.startswith(("ok", "WRONG"))]


def test_an_api_that_behaves_passes_the_smoke_test(portal: Portal) -> None:
    issuer, admin = Issuer("http://127.0.0.1/issuer"), ADMIN
    with served(portal, issuer) as url:
        assert [
            "ok    without a token: 401",
            "ok    with a token that nobody signed: 401",
            "ok    as the person: 200, ADMIN",
        ] == smoke(url, issuer.token(admin))[:3]
        assert smoke(url, issuer.token(admin))[3].startswith("ok    a question about the schema: ")


def test_an_api_that_tells_its_schema_fails_the_smoke_test(portal: Portal) -> None:
    issuer, admin = Issuer("http://127.0.0.1/issuer"), ADMIN
    with served(portal, issuer, introspection=True) as url:
        lines = smoke(url, issuer.token(admin), code=1)
    assert [False, False, False, True] == [line.startswith("WRONG") for line in lines]


def test_an_api_that_does_not_know_the_person_fails_the_smoke_test(portal: Portal) -> None:
    issuer = Issuer("http://127.0.0.1/issuer")
    with served(portal, issuer) as url:
        lines = smoke(url, issuer.token("ind-nobody"), code=1)
    assert lines[2].startswith("WRONG as the person: ")


@pytest.mark.parametrize(
    "asked",
    [
        ["smoke"],
        ["smoke", "--stack=x", "--url=https://x", "--token=-"],
        ["smoke", "--stack=x"],
        ["smoke", "--url=https://x", "--username=ind-x"],
        ["smoke", "--stack=x", "--username=ind-x", "--token=-"],
    ],
)
def test_a_smoke_test_needs_an_api_and_a_person(asked: list[str]) -> None:
    assert 2 == CliRunner().invoke(main, asked, input="token").exit_code


@pytest.mark.parametrize("url", ["http://portal.example/graphql", "ftp://127.0.0.1/", "graphql"])
def test_a_token_is_sent_over_a_secure_connection_or_to_this_machine_only(url: str) -> None:
    with pytest.raises(NoAnswer, match="no https address"):
        post(url, b"", {})
