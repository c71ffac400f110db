from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0012_brought"),
    ]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="position",
            field=models.PositiveIntegerField(default=1),
        ),
    ]
