"""The database itself keeps the versions of programs: whatever asks, none is changed."""

from django.db import migrations

SQLITE = """
CREATE TRIGGER program_version_kept BEFORE UPDATE ON t3000_programversion
BEGIN SELECT RAISE(ABORT, 'versions of programs are never changed'); END
"""
POSTGRESQL = """
CREATE FUNCTION program_version_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'versions of programs are never changed'; END $$;
CREATE TRIGGER program_version_kept BEFORE UPDATE ON t3000_programversion
FOR EACH ROW EXECUTE FUNCTION program_version_kept()
"""


def add_trigger(apps, schema_editor):
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def drop_trigger(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER program_version_kept ON t3000_programversion")
        schema_editor.execute("DROP FUNCTION program_version_kept()")
        return
    schema_editor.execute("DROP TRIGGER program_version_kept")


class Migration(migrations.Migration):
    dependencies = [("t3000", "0004_programs_tables_units_tags")]
    operations = [migrations.RunPython(add_trigger, drop_trigger)]
