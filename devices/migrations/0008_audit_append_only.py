"""The database itself keeps the audit trail: whatever asks, an entry is neither changed nor deleted."""

from django.db import migrations

SQLITE = """
CREATE TRIGGER audit_no_{event} BEFORE {EVENT} ON devices_auditentry
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
"""
POSTGRESQL = """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON devices_auditentry
FOR EACH ROW EXECUTE FUNCTION audit_append_only()
"""


def add_triggers(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
        return
    for event in ("update", "delete"):
        schema_editor.execute(SQLITE.format(event=event, EVENT=event.upper()))


def drop_triggers(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER audit_no_change ON devices_auditentry")
        schema_editor.execute("DROP FUNCTION audit_append_only()")
        return
    for event in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER audit_no_{event}")


class Migration(migrations.Migration):
    dependencies = [("devices", "0007_roles_and_audit")]
    operations = [migrations.RunPython(add_triggers, drop_triggers)]
