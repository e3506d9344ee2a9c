"""People of a deployed stack: they are invited, and sign in as the portal's front end lets them."""

import contextlib
import http.client
import json
import re
import secrets
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from typer.testing import CliRunner

from portal_api.cli import main
from portal_api.cli.sign_ins import Way
from tests.infra.local_stack import REGION, Deployed

_FORM = {"content-type": "application/x-www-form-urlencoded"}
_ONCE = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})


@dataclass(frozen=True)
class Tokens:
    """What Cognito gives to who signs in."""

    access: str
    identity: str


@dataclass(frozen=True)
class Person:
    """Somebody with a sign-in; ``access`` is the token of the first one, through the pages."""

    user_name: str
    password: str
    access: str


def first_administrator(deployed: Deployed, stack: str, email: str) -> Person:
    """An operator adds her by the command, and she signs in with what she was sent."""
    where = [f"--stack={stack}", f"--region={REGION}", f"--endpoint-url={deployed.endpoint_url}"]
    told = CliRunner().invoke(main, ["first-admin", "--name=Ada", f"--email={email}", *where])
    assert 0 == told.exit_code, told.output
    found = re.search(r"ind-[a-z0-9-]+", told.output)
    assert found is not None
    password = a_password()
    client = deployed.client("cognito-idp").describe_user_pool_client(
        UserPoolId=deployed.outputs["UserPoolId"], ClientId=deployed.outputs["ClientId"]
    )["UserPoolClient"]
    way = Way(client["ClientId"], client["CallbackURLs"][0], deployed.endpoint_url)
    ended_at = _browsed(way.url, found[0], _first_password(deployed, email), password)
    return Person(found[0], password, way.token(ended_at))


def by_password(deployed: Deployed, client_id: str, user_name: str, password: str) -> Tokens:
    """The tokens that Cognito gives without a browser, and without any AWS credentials."""
    people: Any = boto3.client(
        "cognito-idp", endpoint_url=deployed.endpoint_url, region_name=REGION, config=_ONCE
    )
    given = people.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user_name, "PASSWORD": password},
    )["AuthenticationResult"]
    return Tokens(given["AccessToken"], given["IdToken"])


def add_user(deployed: Deployed, pool_id: str, user_name: str) -> str:
    """Adds somebody to a pool, past the portal; gives the password."""
    people, password = deployed.client("cognito-idp"), a_password()
    user = {"UserPoolId": pool_id, "Username": user_name}
    people.admin_create_user(**user, MessageAction="SUPPRESS")
    people.admin_set_user_password(**user, Password=password, Permanent=True)
    return password


def token_of_another_pool(deployed: Deployed, user_name: str) -> str:
    """An access token of the same account, for a user of the same name."""
    people = deployed.client("cognito-idp")
    pool_id = people.create_user_pool(PoolName="another")["UserPool"]["Id"]
    client = people.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="another",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]
    password = add_user(deployed, pool_id, user_name)
    return by_password(deployed, client["ClientId"], user_name, password).access


def a_password() -> str:
    """One that the pool takes."""
    return f"Aa1-{secrets.token_urlsafe(24)}"


def _first_password(deployed: Deployed, email: str) -> str:
    """What stands in the invitation, which the server keeps in place of sending it."""
    with urllib.request.urlopen(f"{deployed.endpoint_url}/_ministack/ses/messages") as kept:
        (messages,) = json.load(kept)["messages"].values()
    (invitation,) = [one["BodyText"] for one in messages if one["To"] == [email]]
    password = re.search(r"temporary password is (\S+)\.$", invitation)
    assert password is not None, invitation
    return password[1]


def _browsed(url: str, user_name: str, first: str, chosen: str) -> str:
    """Where a browser ends: it opens the address, signs in, and replaces the first password."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", f"{parts.path}?{parts.query}")
        page = connection.getresponse().read().decode()
        typed = _filled(page, {"username": user_name, "password": first})
        connection.request("POST", "/login", typed, _FORM)
        page = connection.getresponse().read().decode()
        typed = _filled(page, {"new_password": chosen, "confirm_password": chosen})
        connection.request("POST", "/login", typed, _FORM)
        sent_on = connection.getresponse()
        ended_at = sent_on.getheader("location")
        assert ended_at is not None, sent_on.read()
        return ended_at


def _filled(page: str, values: Mapping[str, str]) -> str:
    """A page's form with what somebody types."""
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    return urlencode({**hidden, **values})
