from django.db import migrations, models

# The dashboard of an entry, out of its words: no other lexeme than that of dashboard and kind has a slash (0005), and
# before its k stand only digits and the first letters of the alphabet.
FUNCTION = """
create function search_dashboard(words tsvector) returns text language sql immutable parallel safe as $$
  select split_part(split_part(words::text, '/', 1), 'k', -1) $$;
"""
# A generated column, so that the table is written anew once; an UPDATE would write each row and all its index entries
# a second time.
COLUMN = """
select set_config('maintenance_work_mem', '256MB', true);
alter table documents_searchentry add column dashboard text collate "C" not null
  generated always as (search_dashboard(words)) stored;
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0014_names_of_functions")]
    operations = [
        migrations.RunSQL(FUNCTION, "drop function search_dashboard(tsvector);"),
        # A number is asked for among the dashboards that a list shows: 0008.
        migrations.RemoveIndex("searchentry", "search_number"),
        migrations.RemoveIndex("searchentry", "search_number_by_day"),
        migrations.RunSQL(
            COLUMN,
            "alter table documents_searchentry drop column dashboard;",
            state_operations=[
                migrations.AddField(
                    "searchentry",
                    "dashboard",
                    models.GeneratedField(
                        expression=models.Func(models.F("words"), function="search_dashboard"),
                        output_field=models.TextField(db_collation="C"),
                        db_persist=True,
                    ),
                )
            ],
        ),
        migrations.AddIndex(
            "searchentry",
            models.Index(fields=["company", "dashboard", "number_key"], name="search_number"),
        ),
        migrations.AddIndex(
            "searchentry",
            models.Index(fields=["company", "dashboard", "date", "number_key"], name="search_number_by_day"),
        ),
    ]
