"""The local portal: its tokens are checked as in AWS, its requests take the function's own path."""

import base64
import hmac
import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal_api.app import new_id, open_store, system_clock
from portal_api.auth import Caller, caller_of
from portal_api.dev.command import CannotServe, _forget
from portal_api.dev.examples import examples
from portal_api.dev.gateway import HOST
from portal_api.dev.portal import (
    LocalPortal,
    listener,
    local_portal,
    server_of,
    variable_of,
)
from portal_api.dev.tokens import CLIENT_ID, Issuer
from portal_api.services.due_series import DUE, run_all
from portal_api.services.use_case import Portal
from portal_api.settings import DynamoPlace, SqlitePlace
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.api import call
from tests.demo.telling import lay

MARA = "Mara Lindholm"
PERSON = "ind-06dqr0840v2yg7046f5x"
NAME = "{ viewer { individual { name } } }"


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        """The body."""
        return json.loads(self.text)


@dataclass(frozen=True)
class Local:
    """A portal on this machine that is being served."""

    portal: LocalPortal
    port: int

    def send(self, method: str, path: str, body: bytes | None, **headers: str) -> Answer:
        """One request."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            response = connection.getresponse()
            known = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, known, response.read().decode())
        finally:
            connection.close()

    def ask(self, authorization: str | None, body: object = None, **headers: str) -> Answer:
        """One GraphQL request; the answer names the viewer unless ``body`` asks something else."""
        content = json.dumps(body or {"query": NAME}).encode()
        if authorization is not None:
            headers["authorization"] = authorization
        return self.send("POST", "/graphql", content, content_type="application/json", **headers)

    def bearer(self, name: str) -> str:
        """The header of a person."""
        return f"Bearer {self.portal.token_of(name)}"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """The portal on a file with the demo in it, on a port of its own."""
    file = tmp_path_factory.mktemp("dev") / "demo.sqlite"
    lay(file, until=system_clock().replace(hour=0, minute=0, second=0, microsecond=0))
    engine = SqliteEngine(file, durable=False)
    with listener(0) as listening:
        port = listening.getsockname()[1]
        portal = local_portal(TableStore(engine), port)
        server = server_of(portal)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield Local(portal, port)
        server.should_exit = True
        thread.join()
    engine.close()


def test_a_person_signs_in_with_its_token(local: Local) -> None:
    answer = local.ask(local.bearer(MARA))
    assert 200 == answer.status
    assert {"viewer": {"individual": {"name": MARA}}} == answer.json()["data"]


def forged(portal: LocalPortal, how: str) -> str:
    """A token that is wrong in one way."""
    issuer = portal.issuer
    person = portal.people[0].id
    good = issuer.token(person)
    claims = jwt.decode(good, options={"verify_signature": False})
    key_id = jwt.get_unverified_header(good)["kid"]
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    header, payload, _ = good.split(".")
    public = issuer._key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    embedded = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(other.public_key()))
    made = {
        "no algorithm": lambda: unsigned(claims, key_id),
        "no signature": lambda: f"{header}.{payload}.",
        "signature of another": lambda: (
            f"{header}.{payload}.{issuer.token('ind-other').split('.')[2]}"
        ),
        "wrong key": lambda: jwt.encode(claims, other, "RS256", headers={"kid": key_id}),
        "embedded key": lambda: jwt.encode(
            claims, other, "RS256", headers={"kid": key_id, "jwk": embedded}
        ),
        "embedded certificate": lambda: jwt.encode(
            claims, other, "RS256", headers={"kid": key_id, "x5c": ["MIIB"]}
        ),
        "key from a URL": lambda: jwt.encode(
            claims, other, "RS256", headers={"kid": key_id, "jku": "http://127.0.0.1:9/keys"}
        ),
        "certificate from a URL": lambda: jwt.encode(
            claims, other, "RS256", headers={"kid": key_id, "x5u": "http://127.0.0.1:9/cert"}
        ),
        "key id that is a path": lambda: jwt.encode(
            claims, issuer._key, "RS256", headers={"kid": "../../dev/null"}
        ),
        "unknown critical header": lambda: jwt.encode(
            claims, issuer._key, "RS256", headers={"kid": key_id, "crit": ["b64"], "b64": False}
        ),
        "unknown key id": lambda: jwt.encode(claims, issuer._key, "RS256", headers={"kid": "x"}),
        "no key id": lambda: jwt.encode(claims, issuer._key, "RS256"),
        "other algorithm": lambda: jwt.encode(
            claims, issuer._key, "RS512", headers={"kid": key_id}
        ),
        "key confusion": lambda: hmac_with(public, claims, key_id),
        "expired": lambda: issuer.token(person, exp=claims["iat"] - 1),
        "no expiry": lambda: issuer.token(person, exp=None),
        "from the future": lambda: issuer.token(person, iat=claims["iat"] + 3_600),
        "not yet valid": lambda: issuer.token(person, nbf=claims["iat"] + 3_600),
        "wrong issuer": lambda: issuer.token(person, iss="https://elsewhere.example"),
        "wrong client": lambda: issuer.token(person, client_id="elsewhere"),
        "wrong audience": lambda: issuer.token(person, client_id=None, aud="elsewhere"),
        "another scope": lambda: issuer.token(person, scope="openid"),
        "id token": lambda: issuer.token(person, token_use="id", aud=CLIENT_ID),
        "id token of Cognito": lambda: issuer.token(
            person, token_use="id", aud=CLIENT_ID, client_id=None
        ),
        "nobody": lambda: issuer.token("ind-nobody"),
        "another process": lambda: Issuer(issuer.url).token(person),
        "no token": lambda: "",
        "nonsense": lambda: "a.b.c",
    }
    return made[how]()  # type: ignore[no-untyped-call]


def signing_input(algorithm: str, claims: dict[str, Any], key_id: str) -> bytes:
    """Header and claims of a token that pyjwt itself would refuse to make."""
    header = {"alg": algorithm, "kid": key_id, "typ": "JWT"}
    parts = (json.dumps(part).encode() for part in (header, claims))
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


def unsigned(claims: dict[str, Any], key_id: str) -> str:
    """A token that says it needs no signature."""
    return signing_input("none", claims, key_id).decode() + "."


def hmac_with(secret: bytes, claims: dict[str, Any], key_id: str) -> str:
    """A token signed with the public key as if that were a shared secret."""
    content = signing_input("HS256", claims, key_id)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, content, "sha256")).rstrip(b"=")
    return f"{content.decode()}.{signature.decode()}"


@pytest.mark.parametrize(
    "how",
    [
        *("no algorithm", "no signature", "signature of another", "wrong key", "embedded key"),
        *("embedded certificate", "key from a URL", "certificate from a URL"),
        *("key id that is a path", "unknown critical header", "wrong audience", "another scope"),
        *("unknown key id", "no key id", "other algorithm", "key confusion", "expired"),
        *("no expiry", "from the future", "not yet valid", "wrong issuer", "wrong client"),
        *("id token", "id token of Cognito", "nobody", "another process", "no token", "nonsense"),
    ],
)
def test_a_wrong_token_is_unauthorized(local: Local, how: str) -> None:
    answer = local.ask(f"Bearer {forged(local.portal, how)}")
    assert 401 == answer.status, answer.text
    assert answer.json().get("data") is None


@pytest.mark.parametrize("scheme", ["Basic ", "Token ", ""])
def test_another_scheme_is_unauthorized(local: Local, scheme: str) -> None:
    assert 401 == local.ask(scheme + local.portal.token_of(MARA)).status


def test_without_a_token_nobody_is_signed_in(local: Local) -> None:
    assert 401 == local.ask(None).status


def test_claims_arrive_in_the_gateways_form() -> None:
    """All values are text, arrays in brackets, and the function reads a subject from them."""
    issuer = Issuer("https://issuer.example")
    token = issuer.token(PERSON, **{"cognito:groups": ["sellers", "admins"], "flag": True})
    claims = issuer.claims_of(f"Bearer {token}")
    assert claims is not None
    assert {str} == {type(value) for value in claims.values()}
    assert "[sellers admins]" == claims["cognito:groups"]
    assert "true" == claims["flag"]
    event = {"requestContext": {"authorizer": {"jwt": {"claims": claims}}}}
    assert Caller(PERSON) == caller_of(event, {CLIENT_ID})


def test_bad_requests_are_refused_as_in_production(local: Local) -> None:
    headers = {"authorization": local.bearer(MARA), "content_type": "application/json"}
    for content in (b"null", b'{"query":"\xff"}', b"[" * 3_000):
        answer = local.send("POST", "/graphql", content, **headers)
        assert (400, "BAD_REQUEST") == (answer.status, code_of(answer))
    answer = local.send("GET", "/graphql?query=%7B__typename%7D", None, **headers)
    assert (405, "METHOD_NOT_ALLOWED") == (answer.status, code_of(answer))
    answer = local.send("POST", "/graphql", b" " * 300_000, **headers)
    assert (413, "BODY_TOO_LARGE") == (answer.status, code_of(answer))


def code_of(answer: Answer) -> str:
    (error,) = answer.json()["errors"]
    return str(error["extensions"]["code"])


def test_pages_of_this_machine_may_ask_and_others_may_not(local: Local) -> None:
    allowed = "access-control-allow-origin"
    near = local.ask(local.bearer(MARA), origin="http://localhost:5173")
    assert (200, "http://localhost:5173") == (near.status, near.headers[allowed])
    far = local.ask(local.bearer(MARA), origin="https://elsewhere.example")
    assert (403, False) == (far.status, allowed in far.headers)


def test_a_page_of_this_machine_is_told_that_it_may(local: Local) -> None:
    """The question that a browser sends before the request, without a token."""
    answer = local.send(
        "OPTIONS",
        "/graphql",
        None,
        origin="http://127.0.0.1:3000",
        access_control_request_method="POST",
        access_control_request_headers="authorization,content-type",
    )
    assert 200 == answer.status
    assert "http://127.0.0.1:3000" == answer.headers["access-control-allow-origin"]


def test_another_host_name_is_refused(local: Local) -> None:
    """A page elsewhere could point its own name at this machine, and the page holds tokens."""
    assert 400 == local.send("GET", "/", None, host="elsewhere.example").status


def test_the_page_needs_nothing_from_elsewhere(local: Local) -> None:
    page = local.send("GET", "/", None)
    assert page.headers["content-type"].startswith("text/html")
    for outside in (' src="', "<link", "@import", "https://"):
        assert outside not in page.text
    data = json.loads(page.text.split('type="application/json">')[1].split("</script>")[0])
    assert {MARA, "Piet Hallam"} <= {person["name"] for person in data["people"]}
    assert len(examples()) == len(data["examples"])


@pytest.mark.parametrize("key", [example.key for example in examples()])
def test_every_example_works(local: Local, key: str) -> None:
    """Each is asked as the person it is for, and answered without error or refusal."""
    example = next(one for one in local.portal.examples() if one.key == key)
    body = {"query": example.document, "variables": example.variables}
    answer = local.ask(local.bearer(example.person), body)
    assert (200, None) == (answer.status, answer.json().get("errors"))
    assert '"code":' not in answer.text


def test_a_printed_command_carries_the_example(local: Local) -> None:
    """What a shell makes of it is the request, quotes and all."""
    example = next(one for one in local.portal.examples() if one.variables)
    command = local.portal.curl(example).replace("curl", "printf '%s\\n'", 1)
    done = subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        text=True,
        check=True,
        env={variable_of(example.person): "token"},
    )
    arguments = done.stdout.splitlines()
    assert "authorization: Bearer token" in arguments
    assert example.variables == json.loads(arguments[-1])["variables"]


def test_what_became_due_after_the_story_is_done_at_the_start(local: Local) -> None:
    """Holds are over and points have expired, as if the portal had run since."""
    portal = Portal(local.portal.store, system_clock, new_id)
    assert {0} == {ran.count for ran in run_all(portal, DUE)}


def test_a_second_start_adds_nothing(local: Local) -> None:
    again = local_portal(local.portal.store, local.port)
    assert local.portal.people == again.people


@pytest.mark.parametrize("variable", ["AWS_LAMBDA_FUNCTION_NAME", "AWS_EXECUTION_ENV"])
def test_the_module_does_not_load_in_aws(variable: str) -> None:
    """Its tokens are for anybody, so it must not be there at all."""
    done = subprocess.run(
        [sys.executable, "-c", "import portal_api.dev.tokens"],
        capture_output=True,
        text=True,
        check=False,
        env={variable: "AWS_Lambda_python3.13", "PATH": ""},
    )
    assert 1 == done.returncode
    assert "ImportError: portal_api.dev signs tokens for anybody" in done.stderr


def test_fresh_removes_the_file_and_what_is_beside_it(tmp_path: Path) -> None:
    names = ("demo.sqlite", "demo.sqlite-wal", "demo.sqlite-shm")
    for name in (*names, "other.sqlite"):
        (tmp_path / name).touch()
    _forget(SqlitePlace(tmp_path / "demo.sqlite"))
    assert ["other.sqlite"] == [path.name for path in tmp_path.iterdir()]
    with pytest.raises(CannotServe, match="delete a table yourself"):
        _forget(DynamoPlace("portal", "us-east-1"))


@pytest.mark.slow
def test_the_portal_runs_on_a_dynamodb(ministack: str) -> None:
    """The same demo, told into a table, with the same people under the same ids."""
    store = open_store(DynamoPlace("portal-dev", "us-east-1", ministack), create=True)
    portal = local_portal(store, 0)
    mara = portal.people[0]
    assert MARA == mara.name
    answer = call(Portal(store, system_clock, new_id), mara.id, NAME)
    assert {"data": {"viewer": {"individual": {"name": MARA}}}} == answer
