from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_walls")]
    operations = [
        migrations.AddField(
            "invoice", "seller", models.CharField(max_length=30, default=""), preserve_default=False
        ),
        # Until now only documents of our own and imported ones existed; theirs is told by their counterpart only where
        # they were written for a supplier, which the next import would not have matched either.
        migrations.RunSQL(
            "select set_config('app.companies', '*', true);"
            "update documents_invoice i set seller = c.id_paese || c.id_codice"
            " from organisations_company c where c.id = i.company_id;"
            "select set_config('app.companies', '', true);",
            migrations.RunSQL.noop,
        ),
        # Row-level security forbids LIKE as an index condition (it is not leakproof): the index only cost.
        migrations.RemoveIndex("counterpart", "counterpart_name"),
    ]
