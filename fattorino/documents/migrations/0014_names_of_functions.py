from django.db import migrations

FUNCTION = "alter function counterpart_lexemes(bigint, text, text)"


class Migration(migrations.Migration):
    """A copy of the database is put back without a search path, and a column that is computed calls this function for
    each row: it must find the function that it calls itself wherever it is called from."""

    dependencies = [("documents", "0013_position")]
    operations = [
        migrations.RunSQL(f"{FUNCTION} set search_path from current", f"{FUNCTION} reset search_path")
    ]
