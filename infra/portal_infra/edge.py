"""CloudFront and its firewall before the API: a stack of its own, in the region they live in.

A firewall cannot be put before an HTTP API itself. The API's own host stays reachable beside this
one: it takes only valid tokens with the API's scope, and throttles; a secret header would only have
to leak once. So what this adds is an early answer to floods and known attacks.
"""

from typing import Final

from aws_cdk import App, CfnOutput, Stack, Tags
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_wafv2 as waf

from infra.portal_infra.api import PATH
from infra.portal_infra.options import Edge, Options

REGION: Final = "us-east-1"
"""Where CloudFront's firewalls are, wherever the API is."""
_MANAGED: Final = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
)
_TOO_LARGE: Final = "SizeRestrictions_BODY"
"""Refuses bodies over 8 KB, as documents of a screen can be; the API has a limit of its own."""
_REQUESTS: Final = 2_000
"""From one address in 5 minutes; a whole office may be behind one."""


class EdgeStack(Stack):
    """The distribution of one API."""

    def __init__(self, app: App, options: Options, edge: Edge) -> None:
        super().__init__(
            app,
            f"portal-{options.stage}-edge",
            env={"region": REGION},
            description=f"The channel partner portal's edge, {options.stage}.",
            termination_protection=options.production,
        )
        Tags.of(self).add("application", "portal")
        Tags.of(self).add("stage", options.stage)
        firewall = self._firewall(options)
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=options.named("api"),
            domain_names=[edge.domain],
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", edge.certificate),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.HttpOrigin(
                    edge.api_host, protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY
                ),
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                # With the token; the API knows itself by its own host only.
                origin_request_policy=(
                    cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER
                ),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            ),
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            web_acl_id=firewall.attr_arn,
        )
        # The name's record in the domain's own zone leads to this host.
        CfnOutput(self, "EdgeHost", value=distribution.distribution_domain_name)
        CfnOutput(self, "EdgeUrl", value=f"https://{edge.domain}{PATH}")

    def _firewall(self, options: Options) -> waf.CfnWebACL:
        rules = [_too_many(0), *(_managed(index + 1, name) for index, name in enumerate(_MANAGED))]
        return waf.CfnWebACL(
            self,
            "Firewall",
            name=options.named("edge"),
            description="Known attacks and floods.",
            scope="CLOUDFRONT",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=rules,
            visibility_config=_seen(options.named("edge")),
        )


def _too_many(priority: int) -> waf.CfnWebACL.RuleProperty:
    return waf.CfnWebACL.RuleProperty(
        name="TooMany",
        priority=priority,
        action=waf.CfnWebACL.RuleActionProperty(block={}),
        statement=waf.CfnWebACL.StatementProperty(
            rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                limit=_REQUESTS, aggregate_key_type="IP"
            )
        ),
        visibility_config=_seen("TooMany"),
    )


def _managed(priority: int, name: str) -> waf.CfnWebACL.RuleProperty:
    counted = waf.CfnWebACL.RuleActionOverrideProperty(
        name=_TOO_LARGE, action_to_use=waf.CfnWebACL.RuleActionProperty(count={})
    )
    group = waf.CfnWebACL.ManagedRuleGroupStatementProperty(
        vendor_name="AWS",
        name=name,
        rule_action_overrides=[counted] if name == "AWSManagedRulesCommonRuleSet" else None,
    )
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        statement=waf.CfnWebACL.StatementProperty(managed_rule_group_statement=group),
        visibility_config=_seen(name),
    )


def _seen(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    """Counted, and sampled without the headers that hold tokens and cookies."""
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
