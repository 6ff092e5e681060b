"""Calls on a real Asterisk in which customers press keys, as real tones, and hear what they are offered."""
