"""The outside of Ringback: Redis store, desk, callback scheduler, composition, command line, sandbox."""
