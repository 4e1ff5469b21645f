"""The API's own words: its JSON, both ways."""
