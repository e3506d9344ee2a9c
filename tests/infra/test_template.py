"""What is deployed: the table, the people, and the way in."""

import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from portal_api import auth, handler
from portal_api.domain.partners import Role
from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.table import Add, ConditionFailed, Delete, Key, PutIfAbsent, Query
from tests.conftest import REGION
from tests.infra.synth import ORIGIN, Template

TABLE = "AWS::DynamoDB::Table"


def key_of(template: Template, reference: dict[str, list[str]]) -> dict[str, Any]:
    """Give the properties of the key that a property names."""
    key = template.content["Resources"][reference["Fn::GetAtt"][0]]
    properties: dict[str, Any] = key["Properties"]
    return properties


def name_of(encryption: dict[str, Any]) -> str:
    """Give the logical id of the table's key."""
    return str(encryption["KMSMasterKeyId"]["Fn::GetAtt"][0])


def make_table(template: Template) -> str:
    """Make the template's table as CloudFormation would, and give its name."""
    told = dict(template.only(TABLE))
    client = boto3.client("dynamodb", REGION)
    expiry = told.pop("TimeToLiveSpecification")
    told.pop("PointInTimeRecoverySpecification")
    encryption = told.pop("SSESpecification")
    told["SSESpecification"] = {"Enabled": True, "SSEType": encryption["SSEType"]}
    told["StreamSpecification"]["StreamEnabled"] = True
    client.create_table(**told)
    client.update_time_to_live(TableName=told["TableName"], TimeToLiveSpecification=expiry)
    return str(told["TableName"])


def described(name: str) -> dict[str, Any]:
    """What of a table the program depends on."""
    client = boto3.client("dynamodb", REGION)
    table = client.describe_table(TableName=name)["Table"]
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return {
        "keys": table["KeySchema"],
        "attributes": sorted(one["AttributeName"] for one in table["AttributeDefinitions"]),
        "types": {one["AttributeType"] for one in table["AttributeDefinitions"]},
        "stream": table["StreamSpecification"]["StreamViewType"],
        "billing": table["BillingModeSummary"]["BillingMode"],
        "expiry": expiry,
    }


def test_the_table_is_the_one_that_the_program_makes(template: Template) -> None:
    with mock_aws():
        DynamoEngine("own", REGION).create()
        assert described("own") == described(make_table(template))


def test_the_programs_store_works_on_the_table(dev: Template) -> None:
    key, other = Key("PARTNER#p", "PARTNER"), Key("LIST#l", "1")
    with mock_aws():
        engine = DynamoEngine(make_table(dev), REGION)
        engine.write([PutIfAbsent(key, {"units": 1}), PutIfAbsent(other, {"ref": "p"})])
        engine.write([Add(key, {"units": 2}), Delete(other)])
        with pytest.raises(ConditionFailed):
            engine.write([PutIfAbsent(key, {"units": 9})])
        items, pages = engine.read([key, other], [Query("PARTNER#p", "")])
        engine.close()
    assert ({"units": 3}, None) == items
    assert [(key, {"units": 3})] == list(pages[0].rows)


def test_the_table_can_be_neither_lost_nor_read_by_who_has_no_part_in_its_key(
    template: Template,
) -> None:
    (resource,) = template.of_type(TABLE).values()
    table = resource["Properties"]
    # Not "except on create": one that was restored and taken in would go with what failed then.
    assert ("Retain", "Retain") == (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
    assert table["DeletionProtectionEnabled"] is True
    assert {"PointInTimeRecoveryEnabled": True} == table["PointInTimeRecoverySpecification"]
    encryption = table["SSESpecification"]
    assert (True, "KMS") == (encryption["SSEEnabled"], encryption["SSEType"])
    assert "Retain" == template.content["Resources"][name_of(encryption)]["DeletionPolicy"]
    key = key_of(template, encryption["KMSMasterKeyId"])
    assert key["EnableKeyRotation"] is True
    (statement,) = key["KeyPolicy"]["Statement"]
    assert ["AWS"] == list(statement["Principal"])  # The account itself, and no service.


def test_a_fault_cannot_cost_more_than_the_tables_ceiling(dev: Template, prod: Template) -> None:
    units = {template.stage: template.only(TABLE)["OnDemandThroughput"] for template in (dev, prod)}
    assert {"MaxReadRequestUnits": 500, "MaxWriteRequestUnits": 200} == units["dev"]
    assert {"MaxReadRequestUnits": 20_000, "MaxWriteRequestUnits": 8_000} == units["prod"]


def test_only_administrators_add_people(template: Template) -> None:
    (resource,) = template.of_type("AWS::Cognito::UserPool").values()
    pool = resource["Properties"]
    assert {"AllowAdminCreateUserOnly": True} == pool["AdminCreateUserConfig"]
    assert ("ACTIVE", "Retain") == (pool["DeletionProtection"], resource["DeletionPolicy"])
    assert 14 <= pool["Policies"]["PasswordPolicy"]["MinimumLength"]
    assert "verified_email" == pool["AccountRecoverySetting"]["RecoveryMechanisms"][0]["Name"]


def test_a_second_factor_is_demanded_where_people_are_paid(dev: Template, prod: Template) -> None:
    pools = {template.stage: template.only("AWS::Cognito::UserPool") for template in (dev, prod)}
    assert ("OPTIONAL", "ON") == tuple(pools[name]["MfaConfiguration"] for name in ("dev", "prod"))
    assert ["SOFTWARE_TOKEN_MFA"] == pools["prod"]["EnabledMfas"]


def test_tokens_are_signed_after_the_program_was_asked(template: Template) -> None:
    """Only from version 2 on can the trigger change access tokens, for which there is a plan."""
    pool = template.only("AWS::Cognito::UserPool")
    trigger = pool["LambdaConfig"]["PreTokenGenerationConfig"]
    assert ("V2_0", "ESSENTIALS") == (trigger["LambdaVersion"], pool["UserPoolTier"])
    assert template.alias("tokens") == trigger["LambdaArn"]


def test_there_is_a_group_for_each_role(template: Template) -> None:
    groups = template.properties("AWS::Cognito::UserPoolGroup")
    assert sorted(Role) == sorted(one["GroupName"] for one in groups)


def test_a_client_writes_nothing_that_counts(template: Template) -> None:
    client = template.only("AWS::Cognito::UserPoolClient")
    assert ["locale"] == client["WriteAttributes"]
    assert "ENABLED" == client["PreventUserExistenceErrors"]
    assert client["EnableTokenRevocation"] is True
    assert ["code"] == client["AllowedOAuthFlows"]
    assert client["GenerateSecret"] is False
    units = client["TokenValidityUnits"]
    assert ("minutes", 15) == (units["AccessToken"], client["AccessTokenValidity"])


def test_a_password_is_shown_to_nobody_where_people_are_paid(dev: Template, prod: Template) -> None:
    flows = {
        template.stage: set(template.only("AWS::Cognito::UserPoolClient")["ExplicitAuthFlows"])
        for template in (dev, prod)
    }
    assert {"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"} == flows["prod"]
    assert {"ALLOW_USER_PASSWORD_AUTH"} == flows["dev"] - flows["prod"]


def test_the_one_route_demands_the_apis_scope_of_the_pools_client(template: Template) -> None:
    (route,) = template.properties("AWS::ApiGatewayV2::Route")
    assert ("POST /graphql", "JWT") == (route["RouteKey"], route["AuthorizationType"])
    assert [auth.SCOPE] == route["AuthorizationScopes"]
    server = template.only("AWS::Cognito::UserPoolResourceServer")
    assert auth.SCOPE == f"{server['Identifier']}/{server['Scopes'][0]['ScopeName']}"
    authorizer = template.only("AWS::ApiGatewayV2::Authorizer")["JwtConfiguration"]
    (client,) = template.of_type("AWS::Cognito::UserPoolClient")
    (pool,) = template.of_type("AWS::Cognito::UserPool")
    assert [{"Ref": client}] == authorizer["Audience"]
    issuer = ["https://", {"Fn::GetAtt": [pool, "ProviderName"]}]
    assert {"Fn::Join": ["", issuer]} == authorizer["Issuer"]
    assert {"Ref": client} == template.environment_of("api")["PORTAL_TOKEN_CLIENT_IDS"]


def test_no_page_may_call_unless_its_site_was_named(dev: Template, prod: Template) -> None:
    assert "CorsConfiguration" not in dev.only("AWS::ApiGatewayV2::Api")
    assert "" == dev.environment_of("api")["PORTAL_ALLOWED_ORIGINS"]
    cors = prod.only("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert ([ORIGIN], ["POST"]) == (cors["AllowOrigins"], cors["AllowMethods"])
    assert cors["AllowCredentials"] is False
    assert ORIGIN == prod.environment_of("api")["PORTAL_ALLOWED_ORIGINS"]
    client = prod.only("AWS::Cognito::UserPoolClient")
    assert [f"{ORIGIN}/signed-in"] == client["CallbackURLs"]


def test_requests_are_limited_and_logged_without_who_made_them(template: Template) -> None:
    stage = template.only("AWS::ApiGatewayV2::Stage")
    settings = stage["DefaultRouteSettings"]
    assert 0 < settings["ThrottlingRateLimit"] < settings["ThrottlingBurstLimit"]
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert "$context.requestId" == logged["requestId"]
    told = " ".join(logged.values())
    assert not [word for word in ("identity", "claims", "Ip", "path") if word in told]


def test_the_function_ends_before_the_gateway_gives_up(template: Template) -> None:
    """Then the caller gets the program's own answer. 30 s are the most that a gateway waits."""
    waited = template.only("AWS::ApiGatewayV2::Integration")
    assert "2.0" == waited["PayloadFormatVersion"]
    assert template.function("api")["Timeout"] * 1_000 < waited["TimeoutInMillis"] <= 30_000
    assert callable(handler.handler)


def test_a_deployment_tells_what_operators_and_front_ends_need(template: Template) -> None:
    outputs = {"ApiUrl", "ApiHost", "TableName", "EventBusName", "UserPoolId", "ClientId"}
    assert outputs | {"SignInUrl", "AlarmTopicArn"} == set(template.content["Outputs"])
