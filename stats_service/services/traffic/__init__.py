"""Page views, visits, their history and opening balances."""
