"""Commands about reports, webhooks and notices."""
