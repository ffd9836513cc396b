"""Call the operator's webhook when Redis is in trouble, and when it has recovered.

The last call is recorded in a file of the data folder, because Redis may be down.
"""

from pathlib import Path

from stats_service.errors import InvalidInputError
from stats_service.models.notices import REDIS_EVENT, Event
from stats_service.services.notices.webhooks import Caller
from stats_service.services.periods import local_time

FILE = "redis-alarm"
#: Name under which the calls are signed; no webhook of a site has it.
NAME = "operator"


class RedisAlarm:
    """The webhook of `STATS_ALERT_URL`; without the setting, nothing is sent."""

    def __init__(self, caller: Caller, url: str, signing_key: str, data_dir: Path) -> None:
        self._caller = caller
        self._url = url
        self._key = signing_key
        self._file = data_dir / FILE

    def tell(self, trouble: str, now: float) -> bool:
        """Report `trouble` once, and its end once; return whether a call was due.

        Raises:
            DeliveryError: the call failed; the next run tries again.
        """
        if not self._url or bool(trouble) == self._file.exists():
            return False
        text = trouble or "Redis is well again."
        event = Event(
            event=REDIS_EVENT,
            site="",
            at=local_time(now, "UTC"),
            text=text,
            data={"ok": not trouble},
        )
        self._caller.call(self._url, self._key, event, f"{NAME}:{int(now)}", now)
        try:
            if trouble:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(text)
            else:
                self._file.unlink(missing_ok=True)
        except OSError as error:
            raise InvalidInputError(
                "{file} cannot be written: {error}", file=self._file, error=error
            ) from error
        return True
