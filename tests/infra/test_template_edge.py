"""What is deployed before the API, where somebody wants it."""

from tests.infra.synth import CERTIFICATE, HOST, Template


def test_the_edge_leads_to_the_api_by_tls_and_keeps_nothing(edge: Template) -> None:
    told = edge.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    (origin,) = told["Origins"]
    assert HOST == origin["DomainName"]
    assert "https-only" == origin["CustomOriginConfig"]["OriginProtocolPolicy"]
    behavior = told["DefaultCacheBehavior"]
    assert "https-only" == behavior["ViewerProtocolPolicy"]
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
    disabled, all_but_host = (
        "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "b689b0a8-53d0-40ab-baf2-68738e2966ac",
    )
    assert (disabled, all_but_host) == (
        behavior["CachePolicyId"],
        behavior["OriginRequestPolicyId"],
    )
    assert {"POST", "OPTIONS"} <= set(behavior["AllowedMethods"])


def test_the_edge_speaks_no_old_tls(edge: Template) -> None:
    told = edge.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    assert (["api.example.com"], CERTIFICATE, "TLSv1.2_2021") == (
        told["Aliases"],
        told["ViewerCertificate"]["AcmCertificateArn"],
        told["ViewerCertificate"]["MinimumProtocolVersion"],
    )


def test_a_flood_and_known_attacks_end_at_the_firewall(edge: Template) -> None:
    (name,) = edge.of_type("AWS::WAFv2::WebACL")
    firewall = edge.only("AWS::WAFv2::WebACL")
    told = edge.only("AWS::CloudFront::Distribution")["DistributionConfig"]
    assert {"Fn::GetAtt": [name, "Arn"]} == told["WebACLId"]
    flood, *managed = firewall["Rules"]
    assert "IP" == flood["Statement"]["RateBasedStatement"]["AggregateKeyType"]
    assert {"Block": {}} == flood["Action"]
    groups = [one["Statement"]["ManagedRuleGroupStatement"]["Name"] for one in managed]
    assert [
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
    ] == groups
    assert {str({"None": {}})} == {str(one["OverrideAction"]) for one in managed}


def test_a_screens_document_is_not_refused_for_its_length(edge: Template) -> None:
    """The rule refuses bodies over 8 KB. The API has a limit of its own."""
    rules = edge.only("AWS::WAFv2::WebACL")["Rules"]
    (common,) = (one for one in rules if one["Name"] == "AWSManagedRulesCommonRuleSet")
    overrides = common["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
    assert [{"ActionToUse": {"Count": {}}, "Name": "SizeRestrictions_BODY"}] == overrides


def test_nothing_is_sampled_that_holds_a_token(edge: Template) -> None:
    firewall = edge.only("AWS::WAFv2::WebACL")
    seen = [firewall["VisibilityConfig"], *(one["VisibilityConfig"] for one in firewall["Rules"])]
    assert {False} == {one["SampledRequestsEnabled"] for one in seen}
