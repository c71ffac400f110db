import django.db.models.deletion
from django.db import migrations, models

from fattorino.organisations.rls import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0008_turns"),
        ("organisations", "0008_audit_list"),
        ("workflow", "0014_bulk_keys"),
    ]
    operations = [
        migrations.AddField(
            model_name="channel", name="test_started_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="channel", name="certificates_until", field=models.DateTimeField(null=True)
        ),
        migrations.CreateModel(
            name="CustomerLetter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("run", models.UUIDField(null=True, unique=True)),
                ("address", models.CharField(blank=True, max_length=254)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("told_by", models.CharField(blank=True, max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("written", "Da inviare"),
                            ("sending", "In invio"),
                            ("sent", "Inviata per e-mail"),
                            ("told", "Comunicata in altro modo"),
                            ("failed", "Non inviata"),
                        ],
                        default="written",
                        max_length=8,
                    ),
                ),
                ("error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=150)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.company",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workflow.document"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["document", "-id"], name="letters_of_document")]},
        ),
        row_security("hub_customerletter"),
    ]
