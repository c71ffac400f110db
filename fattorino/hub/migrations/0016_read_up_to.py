from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0015_issuer"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="read_up_to",
            field=models.DateTimeField(null=True),
        ),
    ]
