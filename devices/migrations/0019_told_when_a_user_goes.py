"""What goes with a user is recorded: on_delete only, nothing for the database."""

import devices.models.audited
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('devices', '0018_told_in_full'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='apitoken',
            name='user',
            field=models.ForeignKey(on_delete=devices.models.audited.recorded_cascade, related_name='api_tokens', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='roleassignment',
            name='user',
            field=models.ForeignKey(on_delete=devices.models.audited.recorded_cascade, related_name='roles', to=settings.AUTH_USER_MODEL),
        ),
    ]
