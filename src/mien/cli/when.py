"""Times for eyes."""

from datetime import datetime


def moment(timestamp_ms: int) -> str:
    """Local time, to the second."""
    return datetime.fromtimestamp(timestamp_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
