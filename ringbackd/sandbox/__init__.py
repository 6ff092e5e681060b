"""The sandbox: a real Asterisk, a real Redis and real SIP calls on loopback, for the demo and the tests alike."""
