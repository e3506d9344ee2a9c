"""Who can sign in: the first administrator, everybody else, and a token for who has a browser."""

import base64
import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import typer

from portal_api import app as composition
from portal_api.auth import SCOPE
from portal_api.cli.places import FAILED, fail
from portal_api.cli.stacks import (
    Deployed,
    StackEndpoint,
    StackName,
    StackRegion,
    deployed,
    told,
)
from portal_api.cli.web import NoAnswer, post
from portal_api.domain.errors import InvalidInput
from portal_api.services.first_administrator import AlreadyAdministrated, first_administrator
from portal_api.services.series import StepFailed
from portal_api.services.sign_ins import Change, Deed, SignIn, changes
from portal_api.services.store import StoreUnavailable, Unreadable
from portal_api.services.use_case import Portal

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

_AT_ONCE: Final = 60  # Cognito lists no more at a time.


@dataclass(frozen=True)
class Pool:
    """The user pool of a stack."""

    client: "CognitoIdentityProviderClient"
    id: str

    def sign_ins(self) -> dict[str, SignIn]:
        """Everybody in it, by user name."""
        pages = self.client.get_paginator("list_users").paginate(
            UserPoolId=self.id, AttributesToGet=["email"], PaginationConfig={"PageSize": _AT_ONCE}
        )
        found: dict[str, SignIn] = {}
        for page in pages:
            for user in page["Users"]:
                named = {one["Name"]: one.get("Value", "") for one in user.get("Attributes", ())}
                name = user["Username"]
                found[name] = SignIn(name, named.get("email", ""), user["Enabled"])
        return found

    def do(self, change: Change) -> str | None:
        """Makes a sign-in right; says why where it cannot be."""
        pool, name = self.id, change.individual.id
        address: list[AttributeTypeTypeDef] = [
            {"Name": "email", "Value": change.individual.email},
            {"Name": "email_verified", "Value": "true"},  # The vendor vouches for it.
        ]
        try:
            match change.deed:
                case Deed.INVITE:
                    # Cognito sends a first password there.
                    self.client.admin_create_user(
                        UserPoolId=pool,
                        Username=name,
                        UserAttributes=address,
                        DesiredDeliveryMediums=["EMAIL"],
                    )
                case Deed.READDRESS:
                    self.client.admin_update_user_attributes(
                        UserPoolId=pool, Username=name, UserAttributes=address
                    )
                case Deed.ENABLE:
                    self.client.admin_enable_user(UserPoolId=pool, Username=name)
                case Deed.DISABLE:
                    self.client.admin_disable_user(UserPoolId=pool, Username=name)
                    self.client.admin_user_global_sign_out(UserPoolId=pool, Username=name)
                case Deed.DELETE:
                    self.client.admin_delete_user(UserPoolId=pool, Username=name)
        except self.client.exceptions.AliasExistsException:
            return "somebody else signs in with this address"
        except self.client.exceptions.UsernameExistsException:
            return "was invited before"
        except self.client.exceptions.InvalidParameterException:
            return "Cognito does not take this address"
        return None


def first_admin_command(
    name: Annotated[str, typer.Option(help="What the person is called.")],
    email: Annotated[str, typer.Option(help="Where the invitation to sign in goes.")],
    stack: StackName,
    region: StackRegion = None,
    endpoint_url: StackEndpoint = None,
) -> None:
    """Add the first administrator and invite it to sign in. Again, it finishes or changes nothing.

    Only where nobody may act as an administrator: at the start, or when all are locked out. All
    others are added by mutations, and invited by `portal-api sign-ins`.
    """
    there = deployed(stack, region, endpoint_url)
    with _portal(there) as portal, told():
        try:
            made = first_administrator(portal, name=name, email=email)
        except AlreadyAdministrated:
            fail("There is an administrator already, who adds the others: `addIndividual`.")
        except InvalidInput as refused:
            fail(refused.message)
        except StepFailed as failed:
            fail(str(failed))
        problem = _pool(there).do(Change(Deed.INVITE, made.individual))
    added = "added" if made.added else "there already"
    typer.echo(f"administrator {made.individual.id}: {added}, {problem or 'invited'}")


def sign_ins_command(
    stack: StackName,
    region: StackRegion = None,
    endpoint_url: StackEndpoint = None,
    do: Annotated[
        bool, typer.Option("--do/--show", help="Change the user pool, or only tell what would be.")
    ] = False,
) -> None:
    """Invite people of the store who cannot sign in yet, and end the sign-ins of who may not act.

    The store decides: who was suspended or has left is disabled, who may act again enabled, who was
    erased deleted. Nothing is safer for it, since every request asks the store: run it daily, or
    after adding people.
    """
    there = deployed(stack, region, endpoint_url)
    done: Counter[str] = Counter()
    with _portal(there) as portal, told():
        pool = _pool(there)
        known = pool.sign_ins()
        for change in changes(portal.store, portal.clock(), known):
            problem = pool.do(change) if do else None
            typer.echo(f"{change.deed} {change.individual.id}{f': {problem}' if problem else ''}")
            done["problems" if problem else change.deed] += 1
    counts = ", ".join(f"{name} {count}" for name, count in sorted(done.items())) or "nothing to do"
    typer.echo(counts if do or not done else f"{counts}; not done: say --do")
    if done["problems"]:
        raise typer.Exit(FAILED)


def sign_in_command(
    stack: StackName,
    region: StackRegion = None,
    endpoint_url: StackEndpoint = None,
) -> None:
    """Sign in by the browser, as at any stage, and print the access token, valid for 15 minutes.

    The browser ends at an address of the portal's site, whether or not anything answers there;
    that address, pasted here, is exchanged for the token.
    """
    there = deployed(stack, region, endpoint_url)
    client_id, base = there.output("ClientId"), there.output("SignInUrl")
    with told():
        client = there.cognito.describe_user_pool_client(
            UserPoolId=there.output("UserPoolId"), ClientId=client_id
        )["UserPoolClient"]
    way = Way(client_id, client["CallbackURLs"][0], base)
    typer.echo(f"Open this address and sign in:\n\n{way.url}\n", err=True)
    pasted = typer.prompt("The address where the browser ends", err=True)
    try:
        typer.echo(way.token(pasted))
    except NoAnswer as problem:
        fail(str(problem))


class Way:
    """One sign-in by the browser: an authorization code with a proof key (RFC 7636)."""

    def __init__(self, client_id: str, callback: str, base: str) -> None:
        """A way through the sign-in pages at ``base``; it leads to a token once."""
        self._client_id, self._callback, self._base = client_id, callback, base
        self._state, self._verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)

    @property
    def url(self) -> str:
        """Where the browser begins."""
        digest = hashlib.sha256(self._verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._callback,
            "scope": f"openid {SCOPE}",
            "state": self._state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{self._base}/oauth2/authorize?{urlencode(asked)}"

    def token(self, ended_at: str) -> str:
        """The access token, by the address where the browser ended; raises ``NoAnswer``."""
        said = parse_qs(urlsplit(ended_at.strip()).query)
        if said.get("state") != [self._state] or "code" not in said:
            raise NoAnswer("This address is not the end of this sign-in.")
        asked = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "redirect_uri": self._callback,
            "code": said["code"][0],
            "code_verifier": self._verifier,
        }
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = post(f"{self._base}/oauth2/token", urlencode(asked).encode(), form)
        token = answer.json().get("access_token")
        if not isinstance(token, str):
            raise NoAnswer(f"No token was given: {json.dumps(answer.json())}")
        return token


@contextmanager
def _portal(there: Deployed) -> Iterator[Portal]:
    """The portal of a stack; ends the command where its store does not answer."""
    store = composition.open_store(there.place)
    try:
        yield Portal(store, composition.system_clock, composition.new_id)
    except (StoreUnavailable, Unreadable) as problem:
        fail(f"The store cannot be used: {problem}")
    finally:
        store.close()


def _pool(there: Deployed) -> Pool:
    return Pool(there.cognito, there.output("UserPoolId"))
