import django.db.models.deletion
from django.db import migrations, models

from fattorino.organisations.rls import row_security

# Every word of a company's documents, once: what a typed beginning may go on to. Without a key that would make two
# documents with the same new word wait for each other, and in a ring; a word that stands here twice harms nobody. A
# lexeme is company and month, "w", and the word (0005).
WORDS = """
  select distinct e.company_id, substr(lexeme, length(e.place) + 2) as word
  from (select company_id, words, company_id || '.' || to_hex((extract(year from month) * 12
      + extract(month from month))::int) as place from {entries}) e,
    unnest(tsvector_to_array(e.words)) lexeme
  where left(lexeme, length(e.place) + 1) = e.place || 'w'
"""
TRIGGERS = f"""
create function documents_search_words() returns trigger language plpgsql as $$
begin
  insert into documents_searchword (company_id, word)
  select company_id, word from ({WORDS.format(entries="added")}) found where not exists (
    select 1 from documents_searchword known where known.company_id = found.company_id and known.word = found.word);
  return null;
end $$;
create trigger search_words_added after insert on documents_searchentry referencing new table as added
  for each statement execute function documents_search_words();
"""
UNDO = """
drop trigger search_words_added on documents_searchentry;
drop function documents_search_words();
"""
FILL = f"""
select set_config('app.companies', '*', true), set_config('app.words', '', true);
insert into documents_searchword (company_id, word) {WORDS.format(entries="documents_searchentry")};
select set_config('app.companies', '', true);
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0008_passive")]
    operations = [
        migrations.CreateModel(
            "SearchWord",
            [
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "company",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisations.company",
                    ),
                ),
                ("word", models.TextField(db_collation="C")),
            ],
        ),
        row_security("documents_searchword"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex("searchword", models.Index(fields=["company", "word"], name="search_word")),
        migrations.RunSQL(TRIGGERS, UNDO),
        # By day: the days are asked in the order of the list, until a page is full. Alone: for a number that is rare, and
        # to know at once that a word is the beginning of none.
        migrations.RemoveIndex("searchentry", "search_number"),
        migrations.AddIndex(
            "searchentry", models.Index(fields=["company", "number_key"], name="search_number")
        ),
        migrations.AddIndex(
            "searchentry", models.Index(fields=["company", "date", "number_key"], name="search_number_by_day")
        ),
    ]
