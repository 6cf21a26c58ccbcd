"""Django's session store on our table. Whoever loads a session is here: a request, or a live socket
that looks whether it may go on."""

from typing import Any

from channels.db import database_sync_to_async
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from devices.domain import sessions
from devices.models import Session


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> Any:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = data.get("_auth_user_id")
        return row

    def load(self) -> dict[str, Any]:
        row = self._get_session_from_db()  # type: ignore[attr-defined]  # not in the stubs
        if row is None:
            return {}
        sessions.touch(row, timezone.now())
        return dict(self.decode(row.session_data))

    async def aload(self) -> dict[str, Any]:
        loaded: dict[str, Any] = await database_sync_to_async(self.load)()
        return loaded
