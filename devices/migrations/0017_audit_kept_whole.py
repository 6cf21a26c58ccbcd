"""Entries are kept where no row by itself is changed or deleted, too: PostgreSQL empties a table without
asking the triggers of its rows, and SQLite replaces a row without asking that of deleting."""

from django.db import migrations

SQLITE = """
CREATE TRIGGER audit_no_replace BEFORE INSERT ON devices_auditentry
WHEN EXISTS (SELECT 1 FROM devices_auditentry WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
"""
POSTGRESQL = """
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON devices_auditentry
FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
"""


def add_trigger(apps, schema_editor):
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def drop_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER audit_no_truncate ON devices_auditentry")
        return
    schema_editor.execute("DROP TRIGGER audit_no_replace")


class Migration(migrations.Migration):
    dependencies = [("devices", "0016_audit_signing_in")]
    operations = [migrations.RunPython(add_trigger, drop_trigger)]
