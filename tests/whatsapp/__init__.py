"""What we send to WhatsApp and read from it, without a network."""
