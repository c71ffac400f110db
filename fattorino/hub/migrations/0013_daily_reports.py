import django.db.models.deletion
from django.db import migrations, models

from fattorino.organisations.rls import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("hub", "0012_pins"),
        ("organisations", "0009_recipient_codes"),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("EO", "Supporti inviati (FI) e loro esiti"),
                            ("FO", "Supporti ricevuti (FO)"),
                        ],
                        max_length=2,
                    ),
                ),
                ("named", models.PositiveIntegerField()),
                ("received_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ReportGap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("fetched", "SdI lo ha prelevato, ma qui non è mai stato preparato"),
                            ("answered", "SdI ne ha lasciato l'esito, che qui non è arrivato"),
                            ("left", "SdI lo ha lasciato, ma qui non è arrivato"),
                            (
                                "passed_over",
                                "Posato qui e senza esito: SdI nomina altri dello stesso periodo, non questo",
                            ),
                        ],
                        max_length=12,
                    ),
                ),
                ("support", models.CharField(max_length=60)),
                ("row", models.CharField(blank=True, max_length=300)),
                ("found_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, max_length=150)),
                ("closed_why", models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.AddField(
            model_name="collected",
            name="emptied_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="collected",
            name="invoices",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="collected",
            name="laid_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="collected",
            name="set_aside",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="collected",
            index=models.Index(fields=["channel", "-id"], name="collected_list"),
        ),
        migrations.AddIndex(
            model_name="collected",
            index=models.Index(fields=["channel", "name"], name="collected_by_name"),
        ),
        migrations.AddIndex(
            model_name="collected",
            index=models.Index(
                condition=models.Q(("emptied_at", None), ("read_at__isnull", False)),
                fields=["received_at"],
                name="collected_to_empty",
            ),
        ),
        migrations.AddField(
            model_name="dailyreport",
            name="channel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="hub.channel"
            ),
        ),
        migrations.AddField(
            model_name="dailyreport",
            name="collected",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="report", to="hub.collected"
            ),
        ),
        migrations.AddField(
            model_name="dailyreport",
            name="company",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisations.company"
            ),
        ),
        migrations.AddField(
            model_name="reportgap",
            name="channel",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="hub.channel",
            ),
        ),
        migrations.AddField(
            model_name="reportgap",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="organisations.company",
            ),
        ),
        migrations.AddField(
            model_name="reportgap",
            name="report",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="gaps", to="hub.dailyreport"
            ),
        ),
        migrations.AddIndex(
            model_name="dailyreport",
            index=models.Index(fields=["channel", "-id"], name="reports_of_channel"),
        ),
        migrations.AddIndex(
            model_name="reportgap",
            index=models.Index(
                condition=models.Q(("closed_at", None)), fields=["company", "id"], name="gaps_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportgap",
            constraint=models.UniqueConstraint(
                fields=("channel", "kind", "support"), name="one_gap_of_a_kind"
            ),
        ),
        row_security("hub_dailyreport"),
        row_security("hub_reportgap"),
    ]
