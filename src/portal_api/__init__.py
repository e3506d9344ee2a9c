"""The channel partner incentive portal: consent, rewards, an exact ledger, goals with earnings."""
