"""What a deployed stack tells of itself, and how its account is reached.

Credentials are found as the AWS command line finds them: its profiles, its variables, a role.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

from portal_api.cli.places import fail
from portal_api.settings import DynamoPlace

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

StackName = Annotated[
    str, typer.Option("--stack", help="The stack's name in CloudFormation, such as portal-dev.")
]
StackRegion = Annotated[
    str | None, typer.Option("--region", help="Its AWS region.", show_default="the profile's")
]
StackEndpoint = Annotated[
    str | None, typer.Option("--endpoint-url", help="Another AWS than the region's.")
]


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack that is there: where, and its outputs by their names."""

    name: str
    region: str
    endpoint_url: str | None
    outputs: Mapping[str, str]

    def output(self, name: str) -> str:
        """One of its outputs; ends the command where the stack is of a release without it."""
        if name not in self.outputs:
            fail(f"The stack {self.name} has no output {name}.")
        return self.outputs[name]

    @property
    def place(self) -> DynamoPlace:
        """Where its store is."""
        return DynamoPlace(self.output("TableName"), self.region, self.endpoint_url)

    @property
    def cognito(self) -> "CognitoIdentityProviderClient":
        """A client of the service that its user pool is in."""
        return boto3.client("cognito-idp", region_name=self.region, endpoint_url=self.endpoint_url)


def deployed(stack: str, region: str | None, endpoint_url: str | None) -> Deployed:
    """The stack of that name; ends the command where it cannot be looked up."""
    known = region or boto3.Session().region_name
    if not known:
        raise typer.BadParameter("Say --region, or choose one in the AWS profile.")
    with told():
        cloudformation: Any = boto3.client(
            "cloudformation", region_name=known, endpoint_url=endpoint_url
        )
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}
    return Deployed(stack, known, endpoint_url, outputs)


@contextmanager
def told() -> Iterator[None]:
    """Ends the command with AWS's own words where a call to it does not succeed."""
    try:
        yield
    except (BotoCoreError, ClientError) as problem:
        fail(f"AWS: {problem}")
