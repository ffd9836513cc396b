"""What the service sends of itself: mail, webhooks, reports."""
