"""What the caller hears: the offer of WhatsApp or a callback while he waits."""
