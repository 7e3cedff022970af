"""Messages to webhooks and mailboxes: written with what they tell of, sent until they arrive."""
