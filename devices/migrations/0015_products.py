"""The products and boards that there are. Administrators may add others."""

from dataclasses import asdict

from django.db import migrations


def fill(apps, schema_editor):
    from protocols.t3 import products

    ProductModel = apps.get_model("devices", "ProductModel")
    Board = apps.get_model("devices", "Board")
    for number, name in products.names().items():
        is_programmable = number in products.programmable()
        counts = asdict(products.counts(number, products.Firmware(255))) if is_programmable else {}
        ProductModel.objects.create(
            number=number, name=name, is_programmable=is_programmable, **counts
        )
    for number, board in products.boards().items():
        Board.objects.create(
            number=number,
            name=board.name,
            analog_inputs=board.ai,
            digital_inputs=board.di,
            digital_outputs=board.do,
            analog_outputs=board.ao,
        )


class Migration(migrations.Migration):

    dependencies = [
        ('devices', '0014_device_identity'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=False),
    ]
