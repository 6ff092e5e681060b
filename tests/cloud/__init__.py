"""The simulated Cloud API, and our client against it."""
