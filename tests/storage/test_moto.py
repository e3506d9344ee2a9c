"""A part of the contract on moto, which takes True for 1, has no lock and is slow."""

from collections.abc import Callable

import pytest

from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.table import Engine
from tests.storage import test_contract as contract

RULES: list[Callable[[Engine], None]] = [
    contract.test_what_was_put_is_read_back_exactly,
    contract.test_a_taken_key_is_not_put_again,
    contract.test_a_versioned_put_keeps_attributes_it_does_not_name,
    contract.test_an_addition_changes_only_what_it_names,
    contract.test_a_floor_may_be_on_an_attribute_that_is_not_added_to,
    contract.test_an_addition_to_a_missing_item_sees_zeros_there,
    contract.test_a_check_of_existence_and_absence,
    contract.test_a_deletion_can_be_repeated,
    contract.test_a_failed_transaction_writes_nothing_and_names_all_its_failures,
    contract.test_a_transaction_of_every_kind_takes_effect_together,
    contract.test_one_wave_answers_in_the_order_of_the_questions,
    contract.test_a_table_is_made_once,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.removeprefix("test_"))
def test_moto_keeps(moto_engine: DynamoEngine, rule: Callable[[Engine], None]) -> None:
    rule(moto_engine)
