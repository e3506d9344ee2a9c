"""The Lambda entries beside the API's: schedules, the table's stream, webhooks, sign-in."""
