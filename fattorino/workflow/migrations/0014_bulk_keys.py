import django.db.models.deletion
from django.db import migrations, models

# Two keys whose checks cost a lookup for each row of a run: run and company stand in the run itself, which nothing
# deletes (decision 0008).


class Migration(migrations.Migration):
    dependencies = [("workflow", "0013_tell_notices")]
    operations = [
        migrations.AlterField(
            model_name="bulkitem",
            name="company",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="organisations.company",
            ),
        ),
        migrations.AlterField(
            model_name="bulkitem",
            name="run",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="workflow.bulkrun",
            ),
        ),
    ]
