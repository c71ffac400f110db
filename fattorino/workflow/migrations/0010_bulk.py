from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0005_warnings_off"),
        ("workflow", "0009_notice_mail"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="bulkitem",
            name="bulk_pending",
        ),
        migrations.RemoveIndex(
            model_name="bulkitem",
            name="bulk_waiting",
        ),
        migrations.RemoveField(
            model_name="bulkitem",
            name="pending_id",
        ),
        migrations.AddField(
            model_name="bulkrun",
            name="done",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="bulkrun",
            name="failed",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="bulkrun",
            name="message",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="bulkrun",
            name="refused",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="bulkrun",
            name="started",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="bulkitem",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "in attesa"),
                    ("started", "in corso"),
                    ("done", "riuscito"),
                    ("failed", "non riuscito"),
                    ("refused", "non ammesso"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="bulkitem",
            index=models.Index(fields=["run", "outcome", "place"], name="bulk_outcomes"),
        ),
        migrations.AddIndex(
            model_name="bulkitem",
            index=models.Index(
                condition=models.Q(("outcome", "started")), fields=["document"], name="bulk_under_way"
            ),
        ),
        migrations.AddIndex(
            model_name="bulkrun",
            index=models.Index(fields=["company", "-id"], name="bulk_runs"),
        ),
        migrations.AddIndex(
            model_name="bulkrun",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["id"], name="bulk_unfinished"
            ),
        ),
    ]
