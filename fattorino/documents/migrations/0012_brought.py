import django.db.models.deletion
from django.db import migrations, models

from fattorino.organisations.rls import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0011_posting"),
        ("organisations", "0009_recipient_codes"),
    ]

    operations = [
        migrations.AddField(
            model_name="importedfile",
            name="received",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="reception",
            name="delivered_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="watchedfolder",
            name="moves",
            field=models.BooleanField(default=True),
        ),
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
                    ("risposta", "Risposta inviata a SdI"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="BroughtFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=255)),
                ("note", models.TextField(blank=True)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.company",
                    ),
                ),
                (
                    "imported",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="brought",
                        to="documents.importedfile",
                    ),
                ),
                (
                    "reception",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="documents.reception",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("imported", "position"), name="brought_in_order")
                ],
            },
        ),
        migrations.CreateModel(
            name="FolderFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("size", models.BigIntegerField()),
                ("changed_ns", models.BigIntegerField()),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.company",
                    ),
                ),
                (
                    "folder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="documents.watchedfolder",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("folder", "name"), name="folder_file_once")],
            },
        ),
        row_security("documents_broughtfile"),
        row_security("documents_folderfile"),
    ]
