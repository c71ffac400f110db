from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0005_warnings_off"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                choices=[("it", "Italiano"), ("en", "English")], default="it", max_length=2
            ),
        ),
    ]
