"""The conversations of each sector, as data."""
