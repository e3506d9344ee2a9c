"""The whole stack, running: the synthesized template in a local AWS, from sign-in to webhook.

Functions run the real bundle, built for this machine, with nothing else to import, and may do what
their roles in the template allow. Three things are not as in AWS: nobody waits for the clock of the
schedules, whose targets are invoked with their inputs; of what the stream's function answers the
server reads only whether it failed; and it does not know the keys that a request names, so that
what is allowed for some partitions is allowed for all.
"""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from standardwebhooks import Webhook
from typer.testing import CliRunner

from portal_api.cli import main
from portal_api.domain.ids import from_global_id
from portal_api.domain.partners import Partner
from portal_api.services import due_series
from portal_api.services.store import One
from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.store import TableStore
from tests import ministack as local_aws
from tests.infra import local_stack, signing_in, synth
from tests.infra.local_stack import REGION, Answer, Deployed, NotDeployed
from tests.infra.signing_in import Person
from tests.infra.synth import Template
from tests.receiving import Received, Receiver, receiver
from tests.sharing import made

pytestmark = [pytest.mark.ministack, pytest.mark.slow]

STACK = "portal-dev"
RECEIVER = "http://receiver.example.com"
"""In place of the receiver, which is another one for each worker."""
SECONDS = 60
"""The longest wait for what happens by itself: a webhook comes after two or three."""

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "AWS::Events::Archive": "The server does not know the type.",
        "Alarmshttperrors1E2BAE59": "An alarm of metric math, which it does not know.",
        "Alarmstableerrors330AF16F": "An alarm of metric math, which it does not know.",
    }
)
"""Resources that the server cannot make, by type, or by logical id where it makes others of that
type; each with the reason. Everything else of the template is deployed as it is."""

LEADING_KEYS = "dynamodb:LeadingKeys"
"""The condition key that it does not know."""

ADD_PARTNER = """mutation($input: AddPartnerInput!) { addPartner(input: $input) {
  __typename ... on PartnerAdded { partner { id name } } } }"""
CREATE_ENDPOINT = """mutation($input: CreateWebhookEndpointInput!) {
  createWebhookEndpoint(input: $input) {
    __typename ... on WebhookEndpointCreated { secret endpoint { id } } } }"""
VIEWER = "{ viewer { role individual { name } } }"


@pytest.fixture(scope="module")
def webhooks() -> Iterator[Receiver]:
    """Give a receiver of webhooks on this machine."""
    with receiver() as listening:
        yield listening


@pytest.fixture(scope="module")
def template(built: Path, insights_built: Path) -> Template:
    """Synthesize the stack for bundles that run here."""
    bundles = {"bundle": str(built), "insightsBundle": str(insights_built)}
    context = {"stage": "dev", "webhookPrivateOrigins": RECEIVER, **bundles}
    return Template(made("stack", lambda folder: synth.app(folder, context)), STACK)


@pytest.fixture(scope="module")
def deployed(
    template: Template, webhooks: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """Deploy it, less what the server cannot make, and for that receiver."""
    text = json.dumps(without(template.content, LEFT_OUT))
    assert RECEIVER in text
    content = json.loads(text.replace(RECEIVER, webhooks.origin))
    with local_aws.running(tmp_path_factory.mktemp("guarded"), guarded=True) as url:
        yield local_stack.deploy(url, template.folder, STACK, content)


def without(template: Mapping[str, Any], left_out: Mapping[str, str]) -> dict[str, Any]:
    """A template without some resources, and with no condition on the keys of a request."""
    resources = {
        name: one
        for name, one in template["Resources"].items()
        if name not in left_out and one["Type"] not in left_out
    }
    return {**template, "Resources": unconditional(resources)}


def unconditional(content: Any) -> Any:
    """The same without conditions that ask for the keys of a request, and for nothing else."""
    match content:
        case {"Condition": dict(conditions), **rest} if all(
            list(one) == [LEADING_KEYS] for one in conditions.values() if isinstance(one, dict)
        ) and LEADING_KEYS in json.dumps(conditions):
            return unconditional(rest)
        case dict():
            return {name: unconditional(one) for name, one in content.items()}
        case list():
            return [unconditional(one) for one in content]
        case _:
            return content


@pytest.fixture(scope="module")
def ada(deployed: Deployed) -> Person:
    """The first administrator, signed in."""
    return signing_in.first_administrator(deployed, STACK, "ada@example.com")


def asked(deployed: Deployed, token: str | None, query: str, **variables: Any) -> Answer:
    """What the API answers."""
    return deployed.post("/graphql", {"query": query, "variables": variables}, token)


def done(deployed: Deployed, ada: Person, mutation: str, **wish: Any) -> dict[str, Any]:
    """What a mutation answers that succeeds."""
    wish = {"requestId": secrets.token_hex(8), **wish}
    answer = asked(deployed, ada.access, mutation, input=wish)
    assert 200 == answer.status, answer
    assert "errors" not in answer.body, answer
    (outcome,) = answer.body["data"].values()
    return dict(outcome)


def test_what_is_left_out_cannot_be_made_and_nothing_else_is(
    template: Template, tmp_path: Path
) -> None:
    """A reason that no longer holds fails here, as does a name that nothing has any more."""
    content = template.content
    by_type = {name for name in LEFT_OUT if name.startswith("AWS::")}
    by_id = set(LEFT_OUT) - by_type
    assert by_id <= set(content["Resources"])
    with local_aws.running(tmp_path) as url:
        with pytest.raises(NotDeployed, match="Unrecognized resource types") as refused:
            local_stack.deploy(url, template.folder, STACK, content)
        assert by_type == set(re.findall(r"AWS::\w+::\w+", str(refused.value)))
        for name in by_id:
            alone = {"Resources": with_needed(content["Resources"], name)}
            with pytest.raises(NotDeployed) as refused:
                local_stack.create(url, name, alone)
            assert {name} == set(refused.value.reasons)


def with_needed(resources: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A resource with all that it names, and all that those name."""
    found: dict[str, Any] = {}
    wanted = [name]
    while wanted:
        one = wanted.pop()
        found[one] = resources[one]
        named = set(re.findall(r"\w+", json.dumps(resources[one]))) & set(resources)
        wanted += named - set(found)
    return found


def test_the_api_lets_in_access_tokens_of_its_own_pool_and_nothing_else(
    deployed: Deployed, ada: Person
) -> None:
    """Those of the code flow, as in production, and those of a sign-in by password."""
    client_id = deployed.outputs["ClientId"]
    given = signing_in.by_password(deployed, client_id, ada.user_name, ada.password)
    assert 401 == asked(deployed, None, VIEWER).status
    foreign = signing_in.token_of_another_pool(deployed, ada.user_name)
    assert 401 == asked(deployed, foreign, VIEWER).status
    assert 403 == asked(deployed, given.identity, VIEWER).status
    for token in (ada.access, given.access):
        answer = asked(deployed, token, VIEWER)
        assert 200 == answer.status
        assert {"viewer": {"role": "ADMIN", "individual": {"name": "Ada"}}} == answer.body["data"]


def test_who_may_not_act_gets_no_token(deployed: Deployed) -> None:
    """A sign-in in the pool is not enough: the trigger asks the store, which knows nobody such."""
    password = signing_in.add_user(deployed, deployed.outputs["UserPoolId"], "ind-unknown")
    client_id = deployed.outputs["ClientId"]
    with pytest.raises(ClientError, match="may not act"):
        signing_in.by_password(deployed, client_id, "ind-unknown", password)


def test_the_operators_smoke_test_passes(deployed: Deployed, ada: Person) -> None:
    address = f"{deployed.endpoint_url}/_aws/execute-api/{deployed.outputs['ApiHost'][:8]}"
    arguments = ["smoke", f"--url={address}/$default/graphql", "--token=-"]
    told = CliRunner().invoke(main, arguments, input=ada.access)
    assert 0 == told.exit_code, told.output


def test_a_mutation_is_in_the_table_and_its_event_reaches_a_webhook_signed(
    deployed: Deployed, ada: Person, webhooks: Receiver
) -> None:
    """API, table, stream, bus, rule, webhook: each of them as the template connects them."""
    created = done(
        deployed,
        ada,
        CREATE_ENDPOINT,
        url=f"{webhooks.origin}/hooks",
        description="Tests",
        kinds=["PartnerAdded"],
    )
    assert "WebhookEndpointCreated" == created["__typename"]

    added = done(
        deployed, ada, ADD_PARTNER, requestId="add-partner-1", name="Acme", type="VAR",
        tier="GOLD", region="EU",
    )  # fmt: skip
    assert "PartnerAdded" == added["__typename"]
    partner_id = added["partner"]["id"]
    assert "Acme" == stored(deployed, partner_id).name

    assert webhooks.came.wait(SECONDS)
    (message,) = webhooks.received
    told = verified(created["secret"], message)["data"]
    assert "/hooks" == message.path
    assert message.headers["webhook-id"] == told["id"]
    assert ("PartnerAdded", partner_id, "add-partner-1") == (
        told["kind"],
        told["partnerId"],
        told["requestId"],
    )


def stored(deployed: Deployed, partner_id: str) -> Partner:
    """A partner as the deployed table has it."""
    own_id = from_global_id(partner_id, "Partner")
    assert own_id is not None
    engine = DynamoEngine(deployed.outputs["TableName"], REGION, deployed.endpoint_url)
    try:
        want = One(Partner, own_id)
        partner = TableStore(engine).read([want])[want]
    finally:
        engine.close()
    assert partner is not None
    return partner


def verified(secret: str, message: Received) -> dict[str, Any]:
    """What a receiver reads, after checking who says it."""
    body = Webhook(secret).verify(message.body, dict(message.headers))
    assert isinstance(body, dict)
    return body


def test_what_each_schedule_invokes_answers(deployed: Deployed) -> None:
    """Only the clock is missing: function and input are those of the schedule."""
    schedules, functions = deployed.client("scheduler"), deployed.client("lambda")
    group = deployed.only("AWS::Scheduler::ScheduleGroup")
    told: set[str] = set()
    for one in schedules.list_schedules(GroupName=group)["Schedules"]:
        target = schedules.get_schedule(GroupName=group, Name=one["Name"])["Target"]
        invoked = functions.invoke(FunctionName=target["Arn"], Payload=target["Input"])
        answer = json.loads(invoked["Payload"].read())
        assert "FunctionError" not in invoked, answer
        told |= set(answer)
    assert {*due_series.NAMES, "delivered", "failed", "given_up"} == told


def test_what_is_prepared_before_a_snapshot_could_be_prepared(deployed: Deployed) -> None:
    """The hooks run at publishing; where one fails, the version can never be invoked."""
    functions = deployed.client("lambda")
    prepared = []
    for logical_id in deployed.logical_ids("AWS::Lambda::Function"):
        name = deployed.names[logical_id]
        known = functions.get_function_configuration(FunctionName=name, Qualifier="live")
        assert "Active" == known["State"], known
        if "On" == known["SnapStart"]["OptimizationStatus"]:
            prepared.append(name)
    assert ["portal-dev-api", "portal-dev-tokens"] == sorted(prepared)


def test_a_role_without_a_policy_may_nothing(deployed: Deployed) -> None:
    """The server does ask the roles, so what is answered here was allowed by the template."""
    with pytest.raises(ClientError, match="AccessDenied"):
        asking(deployed, "nobody").scan(TableName=deployed.outputs["TableName"])


def test_the_server_knows_no_keys_of_a_request(deployed: Deployed) -> None:
    """Once it does, their conditions can be tried here as well."""
    statement = {
        "Effect": "Allow",
        "Action": "dynamodb:BatchGetItem",
        "Resource": "*",
        "Condition": {"Null": {LEADING_KEYS: "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    table = asking(deployed, "somebody", policy)
    keys = [{"pk": {"S": "PERSON#ind-a"}, "sk": {"S": "PERSON"}}]
    with pytest.raises(ClientError, match="AccessDenied"):
        table.batch_get_item(RequestItems={deployed.outputs["TableName"]: {"Keys": keys}})


def asking(deployed: Deployed, name: str, policy: str | None = None) -> Any:
    """A client of DynamoDB with a role that is made for it."""
    roles = deployed.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        ],
    }
    role = roles.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    if policy is not None:
        roles.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=policy)
    given = deployed.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName=name)
    return boto3.client(
        "dynamodb",
        endpoint_url=deployed.endpoint_url,
        region_name=REGION,
        aws_access_key_id=given["Credentials"]["AccessKeyId"],
        aws_secret_access_key=given["Credentials"]["SecretAccessKey"],
        aws_session_token=given["Credentials"]["SessionToken"],
    )
