"""The HTTP API: one route, which takes access tokens of the pool with the API's scope."""

import json
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_apigatewayv2 as gateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from constructs import Construct

from infra.portal_infra.functions import Function
from infra.portal_infra.identity import Identity
from infra.portal_infra.operations import Operations
from infra.portal_infra.options import Options
from portal_api.auth import SCOPE

PATH: Final = "/graphql"
_LOGGED: Final = {
    # Neither whose request it is nor from where: the program's log has the request's id as well.
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "route": "$context.routeKey",
    "status": "$context.status",
    "authorizerError": "$context.authorizer.error",
    "integrationStatus": "$context.integrationStatus",
    "integrationMs": "$context.integrationLatency",
    "latencyMs": "$context.responseLatency",
    "bytes": "$context.responseLength",
}


class Api(Construct):
    """The way in. What has no valid token, or no scope, costs no invocation."""

    def __init__(
        self,
        scope: Construct,
        options: Options,
        api: Function,
        identity: Identity,
        operations: Operations,
    ) -> None:
        super().__init__(scope, "Http")
        self.api = gateway.HttpApi(
            self,
            "Api",
            api_name=options.named("api"),
            description="The channel partner portal's GraphQL API.",
            create_default_stage=False,
            cors_preflight=_cors(options),
        )
        (self.route,) = self.api.add_routes(
            path=PATH,
            methods=[gateway.HttpMethod.POST],
            integration=integrations.HttpLambdaIntegration(
                "Function",
                api.live,
                payload_format_version=gateway.PayloadFormatVersion.VERSION_2_0,
                timeout=Duration.seconds(29),
            ),
            authorizer=authorizers.HttpJwtAuthorizer(
                "People",
                f"https://{identity.pool.user_pool_provider_name}",
                authorizer_name=options.named("people"),
                jwt_audience=[identity.client.user_pool_client_id],
            ),
            # Only access tokens have scopes, so that an id token is refused.
            authorization_scopes=[SCOPE],
        )
        log_group = operations.log_group(
            self, f"/aws/vendedlogs/{options.named('api-access')}", options
        )
        self.stage = gateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=gateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=log_group.log_group_arn, format=json.dumps(_LOGGED)
            ),
            default_route_settings=gateway.CfnStage.RouteSettingsProperty(
                detailed_metrics_enabled=True,
                throttling_rate_limit=options.sizes.requests,
                throttling_burst_limit=options.sizes.burst,
            ),
        )


def _cors(options: Options) -> gateway.CorsPreflightOptions | None:
    """What the named sites may send; without any, no page may call."""
    if not options.origins:
        return None
    return gateway.CorsPreflightOptions(
        allow_origins=[*options.origins],
        allow_methods=[gateway.CorsHttpMethod.POST],
        allow_headers=["authorization", "content-type"],
        allow_credentials=False,
        max_age=Duration.hours(1),
    )
