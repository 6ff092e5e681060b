"""The dialogue, played by a scripted Asterisk over a real socket."""
