"""A synthesized stack, deployed into the local AWS through the ways that CDK itself takes."""

import contextlib
import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError, WaiterError

REGION = "us-east-1"
_BOOTSTRAP_VERSION = "30"  # Any that CDK takes; it stands in Parameter Store where CDK is set up.
_client: Any = boto3.client  # Its type knows the names of services, and no variable with one.
_TEMPLATES = "templates"
_SECONDS = 120


class NotDeployed(Exception):
    """CloudFormation gave up; ``reasons`` by the logical ids of what could not be made."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        """All of them, the first one first."""
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack that is there: its outputs, and its resources' names by their logical ids."""

    endpoint_url: str
    template: Mapping[str, Any]
    outputs: Mapping[str, str]
    names: Mapping[str, str]

    def client(self, service: str) -> Any:
        """A client of the account's owner."""
        return _client(service, endpoint_url=self.endpoint_url, region_name=REGION)

    def logical_ids(self, kind: str) -> list[str]:
        """The resources of a type."""
        return [name for name, one in self.template["Resources"].items() if one["Type"] == kind]

    def only(self, kind: str) -> str:
        """The name of the one resource of a type."""
        (logical_id,) = self.logical_ids(kind)
        return self.names[logical_id]

    def post(self, path: str, content: Mapping[str, Any], token: str | None = None) -> Answer:
        """A request to the HTTP API at its own host name, as the internet would make it."""
        server = urlsplit(self.endpoint_url)
        host = f"{self.only('AWS::ApiGatewayV2::Api')}.execute-api.localhost:{server.port}"
        headers = {"host": host, "content-type": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection(server.netloc, timeout=_SECONDS)
        with contextlib.closing(connection):
            connection.request("POST", path, json.dumps(content), headers)
            answer = connection.getresponse()
            return Answer(answer.status, json.loads(answer.read()))


def deploy(
    endpoint_url: str, folder: Path, stack_name: str, template: Mapping[str, Any]
) -> Deployed:
    """Deploys a template of a synthesized app, whose assets are in ``folder``.

    Raises ``NotDeployed``.
    """
    _set_up(endpoint_url, template)
    _publish_assets(endpoint_url, folder)
    outputs = create(endpoint_url, stack_name, template)
    stacks = _client("cloudformation", endpoint_url=endpoint_url, region_name=REGION)
    listed = stacks.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    names = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for page in listed
        for one in page["StackResourceSummaries"]
    }
    return Deployed(endpoint_url, template, outputs, names)


def create(endpoint_url: str, stack_name: str, template: Mapping[str, Any]) -> dict[str, str]:
    """Makes a stack and gives its outputs; raises ``NotDeployed``."""
    stacks = _client("cloudformation", endpoint_url=endpoint_url, region_name=REGION)
    try:
        stacks.create_stack(
            StackName=stack_name,
            TemplateURL=_stored(endpoint_url, f"{stack_name}.json", template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
    except ClientError as refused:
        raise NotDeployed({stack_name: refused.response["Error"]["Message"]}) from None
    waiter = stacks.get_waiter("stack_create_complete")
    try:
        waiter.wait(StackName=stack_name, WaiterConfig={"Delay": 1, "MaxAttempts": _SECONDS})
    except WaiterError:
        events = (
            stacks.get_paginator("describe_stack_events")
            .paginate(StackName=stack_name)
            .build_full_result()["StackEvents"]
        )
        raise NotDeployed(
            {
                event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
                for event in reversed(events)
                if event["ResourceStatus"] == "CREATE_FAILED"
            }
        ) from None
    (stack,) = stacks.describe_stacks(StackName=stack_name)["Stacks"]
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", ())}


def _stored(endpoint_url: str, key: str, template: Mapping[str, Any]) -> str:
    """Where a template is now; it is too large to be sent with the request."""
    buckets = _client("s3", endpoint_url=endpoint_url, region_name=REGION)
    buckets.create_bucket(Bucket=_TEMPLATES)
    buckets.put_object(Bucket=_TEMPLATES, Key=key, Body=json.dumps(template).encode())
    return f"{endpoint_url}/{_TEMPLATES}/{key}"


def _set_up(endpoint_url: str, template: Mapping[str, Any]) -> None:
    """What ``cdk bootstrap`` leaves in an account and the template asks for: its version."""
    parameters = _client("ssm", endpoint_url=endpoint_url, region_name=REGION)
    for one in template.get("Parameters", {}).values():
        if one["Type"] == "AWS::SSM::Parameter::Value<String>":
            parameters.put_parameter(
                Name=one["Default"], Value=_BOOTSTRAP_VERSION, Type="String", Overwrite=True
            )


def _publish_assets(endpoint_url: str, folder: Path) -> None:
    """The files of the app, into the bucket where its templates expect them."""
    account = _client("sts", endpoint_url=endpoint_url, region_name=REGION)
    values = {
        "${AWS::AccountId}": account.get_caller_identity()["Account"],
        "${AWS::Region}": REGION,
    }
    buckets = _client("s3", endpoint_url=endpoint_url, region_name=REGION)
    for file, bucket, key in _assets(folder):
        for name, value in values.items():
            bucket = bucket.replace(name, value)  # noqa: PLW2901 - The same, with values.
        buckets.create_bucket(Bucket=bucket)
        buckets.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())


def _assets(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Each file of the app with its bucket and key; the bucket's name has placeholders."""
    for manifest in folder.glob("*.assets.json"):
        for one in json.loads(manifest.read_text())["files"].values():
            for place in one["destinations"].values():
                yield folder / one["source"]["path"], place["bucketName"], place["objectKey"]
