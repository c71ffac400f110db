import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0009_recipient_codes"),
        ("workflow", "0016_bulletins"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="document",
            name="lotto",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="of_lotto",
                to="workflow.document",
            ),
        ),
        migrations.AddField(
            model_name="pendingaction",
            name="leader",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="followers",
                to="workflow.pendingaction",
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                condition=models.Q(("lotto__isnull", False)), fields=["lotto"], name="documents_of_lotto"
            ),
        ),
        migrations.AddIndex(
            model_name="pendingaction",
            index=models.Index(
                condition=models.Q(("leader__isnull", False)), fields=["leader"], name="actions_that_follow"
            ),
        ),
    ]
