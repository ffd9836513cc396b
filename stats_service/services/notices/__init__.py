"""What the service sends unasked: mail, webhooks, reports."""
