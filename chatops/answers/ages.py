"""How long ago is something? In the words of people, the same on pages and in chats."""

from datetime import timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def ago(since: timedelta) -> str:
    """Return an age: `less than a minute`, `41 min`, `7 h`, `3 days`."""
    if since < MINUTE:
        return "less than a minute"
    if since < HOUR:
        return f"{since // MINUTE} min"
    if since < 2 * DAY:
        return f"{since // HOUR} h"
    return f"{since // DAY} days"
