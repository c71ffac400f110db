import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0009_words"),
        ("organisations", "0008_audit_list"),
        ("workflow", "0014_bulk_keys"),
    ]

    operations = [
        migrations.AlterField(
            model_name="documentfile",
            name="kind",
            field=models.CharField(
                choices=[
                    ("xml", "Fattura elettronica"),
                    ("firmato", "Fattura firmata"),
                    ("importato", "File importato"),
                    ("ricevuta", "Ricevuta di SdI"),
                    ("metadati", "Metadati di SdI"),
                ],
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(
            model_name="reception",
            name="received_once",
        ),
        migrations.RemoveConstraint(
            model_name="reception",
            name="imported_once",
        ),
        migrations.AddField(
            model_name="reception",
            name="brought_for",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="reception",
            name="document",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="workflow.document",
            ),
        ),
        migrations.AddIndex(
            model_name="passiveinvoice",
            index=models.Index(fields=["company", "identificativo_sdi"], name="passive_by_sdi"),
        ),
        migrations.AddIndex(
            model_name="reception",
            index=models.Index(fields=["company", "sha256"], name="receptions_by_bytes"),
        ),
        migrations.AddConstraint(
            model_name="reception",
            constraint=models.UniqueConstraint(
                fields=("identificativo_sdi", "sha256", "brought_for"), name="received_once"
            ),
        ),
    ]
