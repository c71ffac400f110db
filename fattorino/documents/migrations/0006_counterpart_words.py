import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

from fattorino.organisations.rls import WALL as ROWS

COLUMN = """
create function counterpart_lexemes(company bigint, name text, identity text)
returns tsvector language plpgsql immutable parallel safe as $$
declare
  words text := btrim(search_plain(name || ' ' || split_part(identity, ':', 2)));
  place text := company || 'c';
begin
  if words = '' then
    return ''::tsvector;
  end if;
  return array_to_tsvector(string_to_array(place || replace(words, ' ', ' ' || place), ' '));
end $$;
alter table documents_counterpart add column words tsvector not null
  generated always as (counterpart_lexemes(company_id, name, identity)) stored;
"""
# As on documents_searchentry: the question stands in the wall, see decision 0008.
WALL = f"""
drop policy company_wall on documents_counterpart;
create policy company_wall on documents_counterpart
  using ({ROWS} and words @@ app_words()) with check {ROWS};
"""
PLAIN_WALL = f"""
drop policy company_wall on documents_counterpart;
create policy company_wall on documents_counterpart
  using {ROWS} with check {ROWS};
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0005_search")]
    operations = [
        migrations.RunSQL(
            COLUMN,
            "alter table documents_counterpart drop column words;"
            "drop function counterpart_lexemes(bigint, text, text);",
            state_operations=[
                migrations.AddField(
                    "counterpart",
                    "words",
                    models.GeneratedField(
                        expression=models.Func(
                            models.F("company_id"),
                            models.F("name"),
                            models.F("identity"),
                            function="counterpart_lexemes",
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                        db_persist=True,
                    ),
                )
            ],
        ),
        migrations.RunSQL(WALL, PLAIN_WALL),
        migrations.AddIndex(
            "counterpart",
            django.contrib.postgres.indexes.GinIndex(
                fields=["words"], name="counterpart_words", fastupdate=False
            ),
        ),
    ]
