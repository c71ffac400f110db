from django.db import migrations

# What autovacuum's own measure (a fifth of the table) would leave for too long; decision 0008 has the facts.
SETTINGS = {
    # One document in fifty has moved: with millions the pages' "all is visible" marks would be stale for weeks.
    "workflow_document": "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,"
    " autovacuum_analyze_scale_factor = 0.02",
    # Filled and emptied all day: what counts is how many rows came and went, not how many there are.
    "workflow_countdelta": "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,"
    " autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000",
    # The same few rows change at every roll-up: with room on the page no index need be written.
    "workflow_documentcount": "fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05",
    # An open action ends within seconds and stays for ever.
    "workflow_pendingaction": "fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02",
}


def _names(settings: str) -> str:
    return ", ".join(part.partition("=")[0].strip() for part in settings.split(","))


class Migration(migrations.Migration):
    dependencies = [("workflow", "0007_dashboards")]
    operations = [
        # An index with `n` in its condition keeps every roll-up from updating in place.
        migrations.RemoveIndex("documentcount", "document_count_empty"),
        migrations.RunSQL(
            "".join(f"alter table {table} set ({settings});" for table, settings in SETTINGS.items()),
            "".join(f"alter table {table} reset ({_names(settings)});" for table, settings in SETTINGS.items()),
        ),
    ]
