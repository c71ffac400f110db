import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

from fattorino.organisations.rls import WALL as ROWS

# What a document is found by (decision 0008). A lexeme is the company's number, the document's month, a letter for
# where the word stands, and the word: n in the counterpart's name or codes, w anywhere, k its dashboard and kind.
FUNCTIONS = r"""
-- Words in small letters without accents and signs, one blank between them; s.r.l. is one word. What takes long is done
-- only where there is something to do.
create function search_plain(said text) returns text language plpgsql immutable parallel safe as $$
declare
  it text := lower(said);
begin
  if octet_length(it) <> length(it) then
    it := translate(it, 'àáâãäåèéêëìíîïòóôõöùúûüçñ’', 'aaaaaaeeeeiiiiooooouuuucn ');
  end if;
  if strpos(it, '.') > 0 then
    it := regexp_replace(it, '\m([a-z])\.(?![0-9])', '\1', 'g');
  end if;
  return regexp_replace(btrim(regexp_replace(it, '[\s!-/:-@\[-`{-~]+', ' ', 'g')), '([^ ]{40})[^ ]+', '\1', 'g');
end $$;

create function search_tokens(said text) returns text[] language sql immutable parallel safe as $$
  select string_to_array(nullif(search_plain(said), ''), ' ') $$;

create function search_lexemes(company bigint, day date, name text, rest text, dashboard text, kind text)
returns tsvector language plpgsql immutable parallel safe as $$
declare
  names text := search_plain(name);
  words text := btrim(names || ' ' || search_plain(rest));
  place text := company || '.' || to_hex((extract(year from day) * 12 + extract(month from day))::int);
  found text := place || 'k' || dashboard || '/' || kind;
begin
  if names <> '' then
    found := found || ' ' || place || 'n' || replace(names, ' ', ' ' || place || 'n');
  end if;
  if words <> '' then
    found := found || ' ' || place || 'w' || replace(words, ' ', ' ' || place || 'w');
  end if;
  return array_to_tsvector(string_to_array(found, ' '));
end $$;

create function app_words() returns tsquery language sql stable parallel safe as $$
  select coalesce(nullif(current_setting('app.words', true), ''), '!''~''')::tsquery $$;
"""
COLUMNS = "document_id, company_id, date, month, number_key, total_cents, words"
ENTRY = """
  select d.id, d.company_id, d.date, date_trunc('month', d.date)::date, upper(d.number), d.total_cents,
    search_lexemes(d.company_id, d.date, concat_ws(' ', d.counterpart_name, split_part(c.identity, ':', 2)),
      d.search_text, d.dashboard, d.kind)
"""
KNOWN = "left join documents_counterpart c on c.id = d.counterpart_id and c.company_id = d.company_id"
CHANGED = " or ".join(
    f"old.{name} is distinct from new.{name}"
    for name in (
        "dashboard", "kind", "number", "date", "counterpart_id", "counterpart_name", "total_cents", "search_text",
    )
)  # fmt: skip
# A search narrows what this table shows: what keeps it true must see all of it.
TRIGGERS = f"""
create function documents_search_inserted() returns trigger language plpgsql as $$
begin
  insert into documents_searchentry ({COLUMNS}) {ENTRY} from inserted d {KNOWN};
  return null;
end $$;
create function documents_search_deleted() returns trigger language plpgsql as $$
declare asked text := coalesce(current_setting('app.words', true), '');
begin
  perform set_config('app.words', '', true);
  delete from documents_searchentry where document_id in (select id from deleted);
  perform set_config('app.words', asked, true);
  return null;
end $$;
create function documents_search_updated() returns trigger language plpgsql as $$
declare asked text := coalesce(current_setting('app.words', true), '');
begin
  perform set_config('app.words', '', true);
  delete from documents_searchentry where document_id = new.id;
  insert into documents_searchentry ({COLUMNS}) {ENTRY} from (select new.*) d {KNOWN};
  perform set_config('app.words', asked, true);
  return null;
end $$;
create trigger search_inserted after insert on workflow_document referencing new table as inserted
  for each statement execute function documents_search_inserted();
create trigger search_deleted after delete on workflow_document referencing old table as deleted
  for each statement execute function documents_search_deleted();
create trigger search_updated after update on workflow_document
  for each row when ({CHANGED}) execute function documents_search_updated();
"""
FILL = f"""
select set_config('app.companies', '*', true), set_config('maintenance_work_mem', '256MB', true);
insert into documents_searchentry ({COLUMNS}) {ENTRY} from workflow_document d {KNOWN};
select set_config('app.companies', '', true);
"""
# The question stands in the wall itself: conditions of a policy may use an index, those of a query that are not
# leakproof may not. Without a question app_words() is true of every row.
WALL = f"""
alter table documents_searchentry enable row level security;
alter table documents_searchentry force row level security;
create policy company_wall on documents_searchentry
  using ({ROWS} and words @@ app_words()) with check {ROWS};
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0004_seller"), ("workflow", "0005_fewer_indexes")]
    operations = [
        migrations.RunSQL(
            FUNCTIONS,
            "drop function app_words(); drop function search_lexemes(bigint, date, text, text, text, text);"
            "drop function search_tokens(text); drop function search_plain(text);",
        ),
        migrations.CreateModel(
            "SearchEntry",
            [
                (
                    "document",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="workflow.document",
                    ),
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
                ("date", models.DateField()),
                ("month", models.DateField()),
                ("number_key", models.CharField(db_collation="C", max_length=40)),
                ("total_cents", models.BigIntegerField()),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
        ),
        migrations.RunSQL(
            "select 1;",
            "drop trigger search_inserted on workflow_document; drop trigger search_deleted on workflow_document;"
            "drop trigger search_updated on workflow_document; drop function documents_search_inserted();"
            "drop function documents_search_deleted(); drop function documents_search_updated();",
        ),
        migrations.RunSQL(TRIGGERS, migrations.RunSQL.noop),
        # Filled before it has indexes and walls: millions of documents take minutes and not hours.
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(WALL, "drop policy company_wall on documents_searchentry;"),
        migrations.AddIndex(
            "searchentry",
            models.Index(fields=["company", "month", "number_key"], name="search_number"),
        ),
        migrations.AddIndex(
            "searchentry",
            models.Index(fields=["company", "month", "total_cents"], name="search_amount"),
        ),
        # Without the list of pending entries: each search would read all of it.
        migrations.AddIndex(
            "searchentry",
            django.contrib.postgres.indexes.GinIndex(fields=["words"], name="search_words", fastupdate=False),
        ),
    ]
