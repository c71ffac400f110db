from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

from fattorino.organisations.rls import SETUP, append_only


class Migration(migrations.Migration):
    dependencies = [("organisations", "0001_initial")]
    operations = [
        TrigramExtension(),
        migrations.RunSQL(SETUP, migrations.RunSQL.noop),
        append_only("organisations_auditentry"),
        # The table of the shared cache (limits on sign-in), as the framework's own command would make it.
        migrations.RunSQL(
            "create table web_cache (cache_key varchar(255) primary key, value text not null,"
            " expires timestamp with time zone not null);"
            "create index web_cache_expires on web_cache (expires);",
            "drop table web_cache;",
        ),
    ]
