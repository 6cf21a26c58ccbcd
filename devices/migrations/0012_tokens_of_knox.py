"""Tokens that django-rest-knox kept go on opening: their hash is ours. The emptied table stays, so
that going back works; where it never was, there is nothing to do."""

from django.db import migrations

OLD = "knox_authtoken"


def take_over(apps, schema_editor):
    _move(
        schema_editor,
        "INSERT INTO devices_apitoken (user_id, name, digest, created_at, expires_at) "
        f"SELECT user_id, '', digest, created, expiry FROM {OLD}",
        f"DELETE FROM {OLD}",
    )


def give_back(apps, schema_editor):
    _move(
        schema_editor,
        f"INSERT INTO {OLD} (user_id, token_key, digest, created, expiry) "
        "SELECT user_id, '', digest, created_at, expires_at FROM devices_apitoken",
        "DELETE FROM devices_apitoken",
    )


def _move(schema_editor, *statements):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        if OLD in connection.introspection.table_names(cursor):
            for statement in statements:
                cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("devices", "0011_api_token")]

    operations = [migrations.RunPython(take_over, give_back)]
