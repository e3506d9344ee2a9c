"""A smoke test of a deployed API: what must hold before anybody is let in."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

import typer

from portal_api.cli.places import FAILED, fail
from portal_api.cli.stacks import Deployed, StackEndpoint, StackRegion, deployed, told
from portal_api.cli.web import NoAnswer, post

_VIEWER: Final = "{ viewer { role } }"
_INTROSPECTION: Final = "{ __schema { queryType { name } } }"
_REPAIRABLE: Final = "NEW_PASSWORD_REQUIRED"


@dataclass(frozen=True, slots=True)
class Probe:
    """An API to try, with a person's access token."""

    url: str
    token: str

    def lines(self) -> Iterator[tuple[bool, str]]:
        """Each thing that must hold: whether it does, and what was seen."""
        yield self._refused("without a token", None)
        yield self._refused("with a token that nobody signed", "eyJhbGciOiJub25lIn0.e30.")
        yield self._checked("as the person", _VIEWER, self._is_viewer)
        yield self._checked("a question about the schema", _INTROSPECTION, self._is_refusal)

    def _refused(self, what: str, token: str | None) -> tuple[bool, str]:
        status, _ = self._ask(_VIEWER, token)
        return status == HTTPStatus.UNAUTHORIZED, f"{what}: {status}"

    def _checked(
        self, what: str, query: str, holds: Callable[[Any], str | None]
    ) -> tuple[bool, str]:
        status, body = self._ask(query, self.token)
        seen = holds(body)
        if seen is not None:
            return True, f"{what}: {status}, {seen}"
        # The program's own refusals name nobody; a gateway's answer is a sentence.
        return False, f"{what}: {status}, {json.dumps(body)[:300]}"

    @staticmethod
    def _is_viewer(body: Any) -> str | None:
        match body:
            case {"data": {"viewer": {"role": str(role)}}} if "errors" not in body:
                return role
            case _:
                return None

    @staticmethod
    def _is_refusal(body: Any) -> str | None:
        match body:
            case {"errors": [{"extensions": {"code": str(code)}}, *_]} if not body.get("data"):
                return f"refused, {code}"
            case _:
                return None

    def _ask(self, query: str, token: str | None) -> tuple[int, Any]:
        headers = {"content-type": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        answer = post(self.url, json.dumps({"query": query}).encode(), headers)
        return answer.status, answer.json()


def smoke_command(
    stack: Annotated[
        str | None, typer.Option("--stack", help="The stack's name, such as portal-dev.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The API's address, in place of a stack.")] = None,
    token: Annotated[
        typer.FileText | None,
        typer.Option("--token", help="A file that holds an access token; - is standard input."),
    ] = None,
    username: Annotated[
        str | None,
        typer.Option(help="Who signs in, by password: where the stage's app client allows it."),
    ] = None,
    region: StackRegion = None,
    endpoint_url: StackEndpoint = None,
) -> None:
    """Try a deployed API, and fail where it does not behave.

    Nobody is let in without a token, a person is answered, the schema is not told. For the person
    give a token (`portal-api sign-in`), or a user name, whose password is asked for.
    """
    if (stack is None) is (url is None):
        raise typer.BadParameter("Say --stack NAME or --url URL.")
    if (token is None) is (username is None) or (username and stack is None):
        raise typer.BadParameter("Say --token FILE, or --username NAME with --stack.")
    there = deployed(stack, region, endpoint_url) if stack else None
    signed = token.read().strip() if token else ""
    if there is not None and username:
        signed = _signed_in(there, username)
    probe = Probe(there.output("ApiUrl") if there else url or "", signed)
    wrong = 0
    try:
        for holds, line in probe.lines():
            wrong += not holds
            typer.echo(f"{'ok   ' if holds else 'WRONG'} {line}")
    except NoAnswer as problem:
        fail(str(problem))
    if wrong:
        raise typer.Exit(FAILED)


def _signed_in(there: Deployed, username: str) -> str:
    """An access token by password; the first password is replaced where it must be."""
    client, client_id = there.cognito, there.output("ClientId")
    password = typer.prompt("Password", hide_input=True, err=True)
    with told():
        answer = client.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
        if answer.get("ChallengeName") == _REPAIRABLE:
            chosen = typer.prompt(
                "A new password", hide_input=True, confirmation_prompt=True, err=True
            )
            answer = client.respond_to_auth_challenge(
                ClientId=client_id,
                ChallengeName="NEW_PASSWORD_REQUIRED",
                Session=answer["Session"],
                ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": chosen},
            )
    if "AuthenticationResult" not in answer:
        fail(f"Cognito asks for {answer.get('ChallengeName')}: use `portal-api sign-in`.")
    return answer["AuthenticationResult"]["AccessToken"]
