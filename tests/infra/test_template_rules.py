"""What others have found to go wrong in templates: three collections of rules, and our exceptions.

Every exception has its reason, and stands only as long as something needs it.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest
from cfnlint import api as cfn_lint
from cfnlint.config import ManualArgs

from tests.environments import installed
from tests.infra.synth import REPOSITORY, Template

Finding = tuple[str, str]
"""A rule, and what it objects to."""

ASYNCHRONOUS: Final = (
    "What fails without a caller goes to a queue by the alias's own configuration, and from the"
    " stream by its mapping; the others answer who waits for them."
)
NO_NETWORK: Final = (
    "There is nothing in a network to reach: all that functions call are AWS's own endpoints, and"
    " the internet for webhooks."
)
NO_ADDRESSES: Final = (
    "It would hold people's addresses. The API logs what reaches it, and the firewall counts what"
    " it stops."
)
EXCEPTIONS: Final = MappingProxyType(
    {
        # cdk-nag
        ("AwsSolutions-COG2", "Identity/Pool/*"): (
            "A second factor is demanded in prod; in dev tests sign in without one."
        ),
        ("AwsSolutions-COG8", "Identity/Pool/*"): (
            "The plan above adds risk scores at a price for each person: it is the vendor's choice."
        ),
        ("AwsSolutions-IAM5", "*/Role/DefaultPolicy/*"): (
            "X-Ray has no resources to name; another test finds every other pattern."
        ),
        ("AwsSolutions-L1", "*/Function/*"): (
            "The bundle has the byte code and the wheels of one Python, 3.13, which is supported."
        ),
        ("AwsSolutions-SQS3", "Queues/*"): "They are the dead-letter queues themselves.",
        ("AwsSolutions-CFR1", "Distribution/*"): "Partners are all over the world.",
        ("AwsSolutions-CFR3", "Distribution/*"): NO_ADDRESSES,
        ("NIST.800.53.R5-WAFv2LoggingEnabled", "Firewall"): NO_ADDRESSES,
        ("NIST.800.53.R5-DynamoDBInBackupPlan", "Data/Table"): (
            "Any second of the last 35 days can be restored; for longer there are exports."
        ),
        ("NIST.800.53.R5-IAMNoInlinePolicy", "*/DefaultPolicy/*"): (
            "A role of one function shares its policy with nobody, and goes with it."
        ),
        ("NIST.800.53.R5-LambdaDLQ", "*/Function/*"): ASYNCHRONOUS,
        ("NIST.800.53.R5-LambdaInsideVPC", "*/Function/*"): NO_NETWORK,
        # checkov
        ("CKV_AWS_27", "AWS::SQS::Queue.*"): (
            "They are encrypted with SQS's own key; what lies there are ids and places in a stream."
        ),
        ("CKV_AWS_116", "AWS::Lambda::Function.*"): ASYNCHRONOUS,
        ("CKV_AWS_117", "AWS::Lambda::Function.*"): NO_NETWORK,
        ("CKV_AWS_173", "AWS::Lambda::Function.*"): (
            "No variable is a secret; Lambda encrypts them with its own key."
        ),
        ("CKV_AWS_86", "AWS::CloudFront::Distribution.*"): NO_ADDRESSES,
        # cfn-lint
        ("W3005", "* dependency already enforced *"): (
            "CDK itself writes the dependency of a function on its role."
        ),
    }
)
"""By rule and pattern of what it objects to: the reason why it stands."""


def unexplained(findings: Iterable[Finding]) -> list[Finding]:
    """Give what no exception is for."""
    return [
        (rule, what)
        for rule, what in findings
        if not any(rule == known and fnmatchcase(what, pattern) for known, pattern in EXCEPTIONS)
    ]


def unneeded(rules: tuple[str, ...], findings: Iterable[Finding]) -> list[Finding]:
    """Give the exceptions from a collection that nothing needs."""
    found = list(findings)
    return [
        (known, pattern)
        for known, pattern in EXCEPTIONS
        if known.startswith(rules)
        and not any(rule == known and fnmatchcase(what, pattern) for rule, what in found)
    ]


def linted(template: Template) -> Iterator[Finding]:
    """What cfn-lint says: errors and warnings, for two regions."""
    regions = ["eu-central-1", "us-east-1"]
    for found in cfn_lint.lint(template.path.read_text(), config=ManualArgs(regions=regions)):
        yield found.rule.id, found.message


def test_cfn_lint_objects_to_nothing(dev: Template, prod: Template, edge: Template) -> None:
    found = [*linted(dev), *linted(prod), *linted(edge)]
    assert [] == unexplained(found)
    assert [] == unneeded(("E", "W"), found)


def test_cfn_lint_would_object(dev: Template) -> None:
    """It is the collection that it should be: a wrong property is found."""
    content = dev.content | {"Resources": {"Wrong": {"Type": "AWS::SQS::Queue", "Properties": {}}}}
    content["Resources"]["Wrong"]["Properties"] = {"QueueNme": "portal"}
    found = cfn_lint.lint(json.dumps(content))
    assert "E3002" in {one.rule.id for one in found}


def test_cdk_nag_objects_to_nothing(dev: Template, prod: Template, edge: Template) -> None:
    """By the rules of AWS's solutions, and by those of NIST 800-53, revision 5."""
    for template in (dev, prod, edge):
        reports = {one.name.partition("--")[0] for one in template.reports()}
        assert {"AwsSolutions", "NIST.800.53.R5"} == reports
    found = [*dev.findings(), *prod.findings(), *edge.findings()]
    assert [] == unexplained(found)
    assert [] == unneeded(("AwsSolutions-", "NIST."), found)


@pytest.fixture(scope="session")
def checkov() -> Path:
    """Give checkov's program; it pins too much to live among the project's own packages."""
    python = installed(REPOSITORY / "tests" / "checkov.txt", REPOSITORY / ".checkov")
    return python.with_name("checkov")


def checked(checkov: Path, template: Template) -> Iterator[Finding]:
    """What checkov says; it asks no other machine."""
    done = subprocess.run(
        [
            *(checkov, "--file", template.path, "--framework", "cloudformation"),
            *("--output", "json", "--compact", "--quiet", "--skip-download", "--soft-fail"),
        ],
        env={"PATH": os.environ["PATH"], "HOME": str(template.folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert 0 == told["summary"]["parsing_errors"]
    assert 0 < told["summary"]["passed"]
    for one in told["results"]["failed_checks"]:
        yield one["check_id"], one["resource"]


@pytest.mark.slow  # Half a minute to install it, the first time.
def test_checkov_objects_to_nothing(
    checkov: Path, dev: Template, prod: Template, edge: Template
) -> None:
    found = [item for one in (dev, prod, edge) for item in checked(checkov, one)]
    assert [] == unexplained(found)
    assert [] == unneeded(("CKV",), found)
