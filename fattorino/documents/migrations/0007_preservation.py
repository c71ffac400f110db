import django.db.models.deletion
from django.db import migrations, models

from fattorino.organisations.rls import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0006_counterpart_words"),
        ("organisations", "0005_warnings_off"),
        ("workflow", "0011_one_open_action"),
    ]
    operations = [
        migrations.CreateModel(
            name="PreservationData",
            fields=[
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="workflow.document",
                    ),
                ),
                ("riservato", models.BooleanField()),
                ("tempo_di_conservazione", models.PositiveSmallIntegerField()),
                ("indice_di_classificazione", models.CharField(blank=True, max_length=60)),
                ("descrizione_classificazione", models.CharField(blank=True, max_length=200)),
                ("id_aggregazione", models.CharField(blank=True, max_length=100)),
                ("parole_chiave", models.JSONField(default=list)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("version", models.PositiveIntegerField()),
                ("saved_at", models.DateTimeField()),
                ("saved_by", models.CharField(max_length=150)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.company",
                    ),
                ),
            ],
        ),
        row_security("documents_preservationdata"),
    ]
