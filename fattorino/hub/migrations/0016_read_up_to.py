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
        migrations.AddField(
            model_name="channel",
            name="visits_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="consignment",
            index=models.Index(
                fields=["channel", "id"],
                condition=models.Q(("status__in", ["sealed", "sending", "handed_over", "uncertain"])),
                name="consignments_open",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["id"], condition=models.Q(("applied_at", None)), name="messages_unapplied"
            ),
        ),
        migrations.AddIndex(
            model_name="outcomesent",
            index=models.Index(
                fields=["id"],
                condition=models.Q(("status__in", ["queued", "sending", "uncertain", "sent"])),
                name="outcomes_open",
            ),
        ),
    ]
