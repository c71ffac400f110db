import django.db.models.deletion
from django.db import migrations, models


def _key(to: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to
    )


# A notice is written in the transaction of the move: each index is written with it, for everybody who is told. These
# two repeat the beginning of notices_of and told_once.
class Migration(migrations.Migration):
    dependencies = [("workflow", "0014_bulk_keys")]
    operations = [
        migrations.AlterField("notice", "company", _key("organisations.company")),
        migrations.AlterField("notice", "change", _key("workflow.statechange")),
    ]
