"""Users are Django's own, and so is their `save`: what becomes of them is recorded by its signals,
also where Django's commands or a shell make them, change their password or delete them."""

import logging
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db.models.signals import post_save, pre_delete, pre_save

from devices.enums import Action
from devices.models import acting
from devices.models.audit import AuditEntry
from devices.models.secret import HIDDEN

log = logging.getLogger(__name__)

TOLD = {"username": "username", "name": "first_name", "email": "email", "active": "is_active"}
RECORDED = {*TOLD.values(), "last_name", "is_superuser", "password"}


def values(user: User) -> dict[str, Any]:
    """What is told of a user."""
    told = {name: getattr(user, column) for name, column in TOLD.items()}
    return {**told, "name": user.get_full_name()}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    pairs = {name: [before.get(name), after.get(name)] for name in {**before, **after}}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def record_users() -> None:
    """From now on, in this process."""
    pre_save.connect(_look, sender=User, dispatch_uid="users before")
    post_save.connect(_saved, sender=User, dispatch_uid="users saved")
    pre_delete.connect(_deleted, sender=User, dispatch_uid="users deleted")


def _look(instance: Any, update_fields: Any = None, **_: Any) -> None:
    """What is stored, before it is another."""
    if update_fields is None or RECORDED.intersection(update_fields):
        instance._was = User.objects.filter(pk=instance.pk).first()


def _saved(instance: Any, *, created: bool, update_fields: Any = None, **_: Any) -> None:
    if created:
        told = {**_recorded(instance), "password": HIDDEN}
        _record(Action.CREATE, instance, differences({}, told))
    elif was := vars(instance).pop("_was", None):
        now = User.objects.get(pk=instance.pk)  # not every field need be stored
        changes = differences(_recorded(was), _recorded(now))
        # As Django has it: a hash that is made anew of the same password is no change of it.
        is_upgrade = update_fields is not None and instance._password is None
        if was.password != now.password and not is_upgrade:
            changes["password"] = [HIDDEN, HIDDEN]
        if changes:
            _record(Action.UPDATE, instance, changes)


def _deleted(instance: User, **_: Any) -> None:
    _record(Action.DELETE, instance, differences(_recorded(instance), {}))


def _recorded(user: User) -> dict[str, Any]:
    return {**values(user), **({"superuser": True} if user.is_superuser else {})}


def _record(action: Action, user: User, changes: Mapping[str, list[Any]]) -> None:
    actor, name = acting.current(), user.get_username()
    AuditEntry.by(
        actor, action=action, kind="user", row_id=user.pk, name=name, changes=changes
    ).save(force_insert=True)
    log.info("%s: account %s: %s", actor.name, name, Action(action).label)
