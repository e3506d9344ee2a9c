"""An operator's commands: who can sign in, and whether a deployed API behaves."""

import http.client
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import boto3
import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner

from portal_api import app
from portal_api.cli import main
from portal_api.cli.sign_ins import Pool, Way
from portal_api.cli.web import NoAnswer
from portal_api.domain.partners import Individual, PartnerType, Role, Tier
from portal_api.services import erasing, partners, people
from portal_api.services.first_administrator import first_administrator
from portal_api.services.sign_ins import Change, Deed
from portal_api.services.use_case import VENDOR, Ask, Portal
from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.store import TableStore
from tests.conftest import REGION
from tests.infra import local_stack

ADA, BEA = "ada@example.com", "bea@example.com"
PASSWORD = "Correct-Horse-1"
CALLBACK = "http://localhost:8400/signed-in"
VIEWER = "{ viewer { role } }"


@dataclass(frozen=True)
class Stage:
    """A stack with what the commands use of it, and the portal on its table."""

    url: str
    stack: str
    outputs: Mapping[str, str]
    portal: Portal

    def run(self, *arguments: str, code: int = 0, answers: str = "") -> list[str]:
        """What a command prints on both streams, when it ends with this code."""
        place = [f"--stack={self.stack}", f"--region={REGION}", f"--endpoint-url={self.url}"]
        done = CliRunner().invoke(main, [*arguments, *place], input=answers)
        assert code == done.exit_code, done.output
        return done.output.splitlines()

    @property
    def cognito(self) -> Any:
        """A client of the pool's owner."""
        return boto3.client("cognito-idp", endpoint_url=self.url, region_name=REGION)

    def users(self) -> dict[str, tuple[str, bool]]:
        """Address and state of everybody in the pool, by user name."""
        found = self.cognito.list_users(UserPoolId=self.outputs["UserPoolId"])["Users"]
        return {
            user["Username"]: (
                next(one["Value"] for one in user["Attributes"] if one["Name"] == "email"),
                user["Enabled"],
            )
            for user in found
        }

    def admin(self, email: str = ADA) -> str:
        """The first administrator's id, who can sign in."""
        (line,) = self.run("first-admin", "--name=Ada", f"--email={email}")
        found = re.search(r"ind-\w+", line)
        assert found is not None
        return found[0]

    def add(self, admin: str, email: str, role: Role = Role.CHANNEL_MANAGER) -> str:
        """Somebody else of the vendor's."""
        ask = Ask(admin, f"request-{secrets.token_hex(8)}")
        added = partners.add_individual(
            *(self.portal, ask), name="Bea", email=email, role=role, partner_id=None, team_id=None
        )
        return added.individual.id


def template_of(url: str) -> dict[str, Any]:
    """What the commands use of the stack, as ``infra/`` makes it."""
    pool = {
        "AliasAttributes": ["email"],
        "AutoVerifiedAttributes": ["email"],
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    }
    client = {
        "UserPoolId": {"Ref": "Pool"},
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthScopes": ["openid", "portal/api"],
        "CallbackURLs": [CALLBACK],
        "SupportedIdentityProviders": ["COGNITO"],
    }
    server = {
        "UserPoolId": {"Ref": "Pool"},
        "Identifier": "portal",
        "Name": "portal",
        "Scopes": [{"ScopeName": "api", "ScopeDescription": "Call the portal's API."}],
    }
    outputs = {
        "TableName": f"table-{secrets.token_hex(4)}",
        "UserPoolId": {"Ref": "Pool"},
        "ClientId": {"Ref": "Client"},
        "SignInUrl": url,
        "ApiUrl": f"{url}/graphql",
    }
    resources = {
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": pool},
        "Server": {"Type": "AWS::Cognito::UserPoolResourceServer", "Properties": server},
        "Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": client},
    }
    return {
        "Resources": resources,
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }


@pytest.fixture
def stage(ministack: str) -> Iterator[Stage]:
    """Give a stack of its own, with an empty table."""
    name = f"portal-{secrets.token_hex(4)}"
    outputs = local_stack.create(ministack, name, template_of(ministack))
    engine = DynamoEngine(outputs["TableName"], REGION, ministack)
    engine.create()
    portal = Portal(TableStore(engine), app.system_clock, app.new_id)
    yield Stage(ministack, name, outputs, portal)
    engine.close()


def test_the_first_administrator_is_added_invited_and_the_same_again_changes_nothing(
    stage: Stage,
) -> None:
    admin = stage.admin()
    assert {admin: (ADA, True)} == stage.users()
    assert [f"administrator {admin}: there already, was invited before"] == stage.run(
        "first-admin", "--name=Ada", f"--email={ADA}"
    )
    assert {admin: (ADA, True)} == stage.users()


def test_a_run_that_was_killed_before_the_invitation_is_finished_by_the_next(stage: Stage) -> None:
    made = first_administrator(stage.portal, name="Ada", email=ADA)
    assert {} == stage.users()
    assert [f"administrator {made.individual.id}: there already, invited"] == stage.run(
        "first-admin", "--name=Ada", f"--email={ADA}"
    )
    assert {made.individual.id: (ADA, True)} == stage.users()


def test_a_second_administrator_is_not_the_first(stage: Stage) -> None:
    stage.admin()
    (line,) = stage.run("first-admin", "--name=Bea", f"--email={BEA}", code=1)
    assert "administrator already" in line
    (line,) = stage.run("first-admin", "--name=Bea", "--email=nobody", code=1)
    assert "e-mail address" in line
    assert 1 == len(stage.users())


def test_sign_ins_follow_the_store(stage: Stage) -> None:
    """Invited, renamed, disabled, enabled and deleted, each once; shown before it is done."""
    admin = stage.admin()
    bea = stage.add(admin, BEA)
    assert [f"invite {bea}", "invite 1; not done: say --do"] == stage.run("sign-ins")
    assert {admin} == set(stage.users())
    assert [f"invite {bea}", "invite 1"] == stage.run("sign-ins", "--do")
    assert ["nothing to do"] == stage.run("sign-ins", "--do")

    def done(use_case: Any, **more: Any) -> None:
        ask = Ask(admin, f"request-{secrets.token_hex(8)}")
        use_case(stage.portal, ask, individual_id=bea, **more)

    done(people.update_individual, at=VENDOR, email="bea.two@example.com")
    assert [f"readdress {bea}", "readdress 1"] == stage.run("sign-ins", "--do")
    assert ("bea.two@example.com", True) == stage.users()[bea]
    done(partners.suspend_individual)
    assert [f"disable {bea}", "disable 1"] == stage.run("sign-ins", "--do")
    assert ("bea.two@example.com", False) == stage.users()[bea]
    assert ["nothing to do"] == stage.run("sign-ins", "--do")
    done(people.reinstate_individual, at=VENDOR)
    assert [f"enable {bea}", "enable 1"] == stage.run("sign-ins", "--do")
    done(people.end_employment, at=VENDOR)
    assert [f"disable {bea}", "disable 1"] == stage.run("sign-ins", "--do")
    done(erasing.erase_individual, at=VENDOR)
    assert [f"delete {bea}", "delete 1"] == stage.run("sign-ins", "--do")
    assert {admin: (ADA, True)} == stage.users()


def test_partners_people_are_invited_too_and_nobody_without_an_address(stage: Stage) -> None:
    admin = stage.admin()
    ask = Ask(admin, f"request-{secrets.token_hex(8)}")
    partner = partners.add_partner(
        *(stage.portal, ask),
        name="Fernhill",
        partner_type=PartnerType.VAR,
        tier=Tier.GOLD,
        region="EMEA",
        team_names=(),
    ).partner
    added = [
        partners.add_individual(
            *(stage.portal, Ask(admin, f"request-{secrets.token_hex(8)}")),
            name="Rep",
            email=email,
            role=Role.SALES_REP,
            partner_id=partner.id,
            team_id=None,
        ).individual.id
        for email in ("rep@example.com", "rep@import.invalid")
    ]
    assert [f"invite {added[0]}", "invite 1"] == stage.run("sign-ins", "--do")


def test_a_user_of_the_pool_who_is_nobody_in_the_store_is_left_alone(stage: Stage) -> None:
    stage.admin()
    stage.cognito.admin_create_user(
        UserPoolId=stage.outputs["UserPoolId"],
        Username="somebody",
        UserAttributes=[{"Name": "email", "Value": BEA}],
    )
    assert ["nothing to do"] == stage.run("sign-ins", "--do")
    assert "somebody" in stage.users()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AliasExistsException", "somebody else signs in with this address"),
        ("InvalidParameterException", "Cognito does not take this address"),
    ],
)
def test_an_address_that_the_pool_refuses_is_told(code: str, told: str) -> None:
    """Played, for the local server takes any: an address that another user has already."""
    client = boto3.client("cognito-idp", region_name=REGION)
    person = Individual("ind-1", "Ada", ADA, ())
    with Stubber(client) as stubbed:
        stubbed.add_client_error("admin_create_user", code)
        assert told == Pool(client, "pool").do(Change(Deed.INVITE, person))


def test_one_who_cannot_be_invited_keeps_nobody_waiting(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = stage.admin()
    twin, bea = stage.add(admin, ADA), stage.add(admin, BEA)
    real = Pool.do
    refused = "somebody else signs in with this address"
    monkeypatch.setattr(
        Pool,
        "do",
        lambda pool, change: refused if twin == change.individual.id else real(pool, change),
    )
    lines = stage.run("sign-ins", "--do", code=1)
    assert sorted([f"invite {twin}: {refused}", f"invite {bea}"]) == sorted(lines[:2])
    assert "invite 1, problems 1" == lines[2]
    assert {admin, bea} == set(stage.users())


def test_a_browser_signs_in_and_its_last_address_is_worth_a_token(stage: Stage) -> None:
    """The code flow, through the server's own sign-in page; each end is worth one token."""
    admin = stage.admin()
    stage.cognito.admin_set_user_password(
        UserPoolId=stage.outputs["UserPoolId"], Username=admin, Password=PASSWORD, Permanent=True
    )
    way = Way(stage.outputs["ClientId"], CALLBACK, stage.url)
    end = _browsed(way.url, admin)
    token = way.token(end)
    found = stage.cognito.get_user(AccessToken=token)
    assert admin == found["Username"]
    with pytest.raises(NoAnswer, match="No token"):
        way.token(end)
    with pytest.raises(NoAnswer, match="not the end of this sign-in"):
        Way(stage.outputs["ClientId"], CALLBACK, stage.url).token(end)


def test_signing_in_asks_for_the_address_and_says_what_is_wrong_with_it(stage: Stage) -> None:
    lines = stage.run("sign-in", code=1, answers=f"{CALLBACK}?code=x&state=y\n")
    (asked,) = (line for line in lines if line.startswith(stage.url))
    given = dict(parse_qsl(urlsplit(asked).query))
    assert (CALLBACK, "openid portal/api") == (given["redirect_uri"], given["scope"])
    assert "not the end of this sign-in" in lines[-1]


def test_a_first_password_is_replaced_where_the_smoke_test_signs_in(stage: Stage) -> None:
    """The token is the pool's, and goes to the API of the stack: here there is none."""
    admin = stage.admin()
    stage.cognito.admin_set_user_password(
        UserPoolId=stage.outputs["UserPoolId"],
        Username=admin,
        Password="First-1-First",
        Permanent=False,
    )
    answers = f"First-1-First\n{PASSWORD}\n{PASSWORD}\n"
    stage.run("smoke", f"--username={admin}", code=1, answers=answers)
    signed = stage.cognito.initiate_auth(
        ClientId=stage.outputs["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": admin, "PASSWORD": PASSWORD},
    )
    assert "AuthenticationResult" in signed
    lines = stage.run("smoke", f"--username={admin}", code=1, answers="wrong\n")
    assert any("AWS: " in line for line in lines)


def test_a_stack_that_is_not_there_is_told(ministack: str) -> None:
    asked = ["sign-ins", "--stack=none", f"--region={REGION}", f"--endpoint-url={ministack}"]
    done = CliRunner().invoke(main, asked)
    assert 1 == done.exit_code
    assert "AWS: " in done.output


def _browsed(url: str, username: str) -> str:
    """Where a browser ends that opens an address, signs in by password, and is sent on."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        opened = connection.getresponse()
        page = opened.read().decode()
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        fields |= {"username": username, "password": PASSWORD}
        form = {"content-type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/login", urlencode(fields), form)
        sent_on = connection.getresponse()
        sent_on.read()
        location = sent_on.getheader("location")
        assert location is not None, page
        return location
    finally:
        connection.close()
