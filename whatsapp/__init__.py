"""The customer's phone: the Cloud API client, the sender and the webhook."""
