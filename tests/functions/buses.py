"""A bus of a local AWS with a rule, and a queue behind it."""

import json
from typing import Any

import boto3


def queue_behind(bus: str, endpoint: str) -> tuple[Any, str]:
    """A new bus of that name, and a queue that has all that a rule for our events lets through."""
    events = boto3.client("events", endpoint_url=endpoint)
    sqs = boto3.client("sqs", endpoint_url=endpoint)
    events.create_event_bus(Name=bus)
    url = sqs.create_queue(QueueName=bus)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    pattern = json.dumps({"source": ["portal"]})
    events.put_rule(Name="ours", EventBusName=bus, EventPattern=pattern)
    arn = told["Attributes"]["QueueArn"]
    events.put_targets(Rule="ours", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    return sqs, url


def received(sqs: Any, url: str) -> list[dict[str, Any]]:
    """All events that are in the queue, which has none afterwards."""
    found: list[dict[str, Any]] = []
    while True:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        if not answer.get("Messages"):
            return found
        for message in answer["Messages"]:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
