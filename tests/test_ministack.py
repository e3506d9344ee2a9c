"""The local AWS refuses a transaction as DynamoDB does: as a whole, and with the reasons."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def test_a_failing_condition_cancels_the_transaction_and_names_its_item(
    dynamodb: "DynamoDBClient",
) -> None:
    table = "transactions"
    dynamodb.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName=table, Item={"PK": {"S": "taken"}, "owner": {"S": "first"}})

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as refusal:
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": {"PK": {"S": "free"}}}},
                {
                    "Put": {
                        "TableName": table,
                        "Item": {"PK": {"S": "taken"}, "owner": {"S": "second"}},
                        "ConditionExpression": "attribute_not_exists(PK)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
            ]
        )

    reasons = refusal.value.response["CancellationReasons"]
    standing = {"PK": {"S": "taken"}, "owner": {"S": "first"}}
    assert ["None", "ConditionalCheckFailed"] == [reason["Code"] for reason in reasons]
    assert standing == reasons[1]["Item"]
    assert standing == dynamodb.get_item(TableName=table, Key={"PK": {"S": "taken"}})["Item"]
    assert "Item" not in dynamodb.get_item(TableName=table, Key={"PK": {"S": "free"}})
