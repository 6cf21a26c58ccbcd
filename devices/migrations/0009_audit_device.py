from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("devices", "0008_audit_append_only")]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="device_id",
            field=models.BigIntegerField(
                help_text="The id of the device that it is, or is a part of.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["device_id"], name="audit_device"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["user_id"], name="audit_user"),
        ),
    ]
