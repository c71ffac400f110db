from django.db import migrations

from fattorino.organisations.rls import append_only, row_security

TABLES = "storedfile counterpart sezionale numberseries importedfile invoice documentfile".split()


class Migration(migrations.Migration):
    dependencies = [("documents", "0002_initial"), ("organisations", "0002_walls")]
    operations = [
        *(row_security(f"documents_{table}") for table in TABLES),
        append_only("documents_storedfile"),
        append_only("documents_documentfile"),
        # Not compressed: files are read whole, and reading costs no unpacking. The price is room, for XML would shrink
        # to a fraction.
        migrations.RunSQL(
            "alter table documents_storedfile alter column content set storage external;",
            migrations.RunSQL.noop,
        ),
    ]
