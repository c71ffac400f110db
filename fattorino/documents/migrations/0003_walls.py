from django.db import migrations

from fattorino.organisations.rls import append_only, row_security

TABLES = "storedfile counterpart sezionale numberseries importedfile invoice documentfile".split()


class Migration(migrations.Migration):
    dependencies = [("documents", "0002_initial"), ("organisations", "0002_walls")]
    operations = [
        *(row_security(f"documents_{table}") for table in TABLES),
        append_only("documents_storedfile"),
        append_only("documents_documentfile"),
        # XML does not shrink much by the database's own compression; files are read whole.
        migrations.RunSQL(
            "alter table documents_storedfile alter column content set storage external;",
            migrations.RunSQL.noop,
        ),
    ]
