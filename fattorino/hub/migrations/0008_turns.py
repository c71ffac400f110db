from django.db import migrations, models


class Migration(migrations.Migration):
    """Who sends knows its turn, so that what a dead one left open is found; and a pace is kept."""

    dependencies = [("hub", "0007_outcomes")]
    operations = [
        migrations.AddField("channel", "paced_until", models.DateTimeField(null=True)),
        migrations.AddField("transmission", "slot", models.PositiveSmallIntegerField(default=0)),
        migrations.AddIndex(
            "transmission",
            models.Index(
                fields=["channel", "slot"], condition=models.Q(outcome="open"), name="transmissions_open"
            ),
        ),
    ]
