import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from fattorino.organisations.rls import WALL as ROWS
from fattorino.organisations.rls import append_only, row_security
from fattorino.organisations.new_tables import Tables

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
"""
NO_FUNCTIONS = """
drop function app_words();
drop function counterpart_lexemes(bigint, text, text);
drop function search_lexemes(bigint, date, text, text, text, text);
drop function search_tokens(text);
drop function search_plain(text);
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
SEARCH = f"""
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
NO_SEARCH = """
drop trigger search_inserted on workflow_document;
drop trigger search_deleted on workflow_document;
drop trigger search_updated on workflow_document;
drop function documents_search_inserted();
drop function documents_search_deleted();
drop function documents_search_updated();
"""

# Every word of a company's documents, once: what a typed beginning may go on to. Without a key that would make two
# documents with the same new word wait for each other, and in a ring; a word that stands here twice harms nobody. A
# lexeme is company and month, "w", and the word (0005).
WORDS = """
  select distinct e.company_id, substr(lexeme, length(e.place) + 2) as word
  from (select company_id, words, company_id || '.' || to_hex((extract(year from month) * 12
      + extract(month from month))::int) as place from added) e,
    unnest(tsvector_to_array(e.words)) lexeme
  where left(lexeme, length(e.place) + 1) = e.place || 'w'
"""
NEW_WORDS = f"""
create function documents_search_words() returns trigger language plpgsql as $$
begin
  insert into documents_searchword (company_id, word)
  select company_id, word from ({WORDS}) found where not exists (
    select 1 from documents_searchword known where known.company_id = found.company_id and known.word = found.word);
  return null;
end $$;
create trigger search_words_added after insert on documents_searchentry referencing new table as added
  for each statement execute function documents_search_words();
"""
NO_NEW_WORDS = """
drop trigger search_words_added on documents_searchentry;
drop function documents_search_words();
"""
WALLED = """
    broughtfile decision documentfile folderfile importedfile invoice numberseries passiveinvoice posting preservationdata
    reception searchword sezionale storedfile supplier watchedfolder
""".split()
# The question stands in the wall itself: conditions of a policy may use an index, those of a query that are not
# leakproof may not. Without a question app_words() is true of every row.
SEARCHED = ["searchentry", "counterpart"]


def _searched(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"alter table {table} enable row level security;"
        f"alter table {table} force row level security;"
        f"create policy company_wall on {table} using ({ROWS} and words @@ app_words()) with check {ROWS};",
        f"drop policy company_wall on {table}; alter table {table} disable row level security;",
    )


class Migration(migrations.Migration):
    """The room in one step, as its first twelve steps built it (decision 0020)."""

    initial = True
    replaces = [
        ("documents", "0001_initial"),
        ("documents", "0002_initial"),
        ("documents", "0003_walls"),
        ("documents", "0004_seller"),
        ("documents", "0005_search"),
        ("documents", "0006_counterpart_words"),
        ("documents", "0007_preservation"),
        ("documents", "0008_passive"),
        ("documents", "0009_words"),
        ("documents", "0010_receptions"),
        ("documents", "0011_posting"),
        ("documents", "0012_brought"),
    ]
    dependencies = [
        ("organisations", "0009_recipient_codes"),
        ("workflow", "0015_notice_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        Tables([
            migrations.CreateModel(
                name='Counterpart',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('identity', models.CharField(max_length=120)),
                    ('name', models.CharField(max_length=200)),
                    ('party', models.JSONField()),
                    ('codice_destinatario', models.CharField(blank=True, max_length=7)),
                    ('pec_destinatario', models.CharField(blank=True, max_length=256)),
                    ('used_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('words', models.GeneratedField(db_persist=True, expression=models.Func(models.F('company_id'), models.F('name'), models.F('identity'), function='counterpart_lexemes'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ],
                options={
                    'indexes': [django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['words'], name='counterpart_words')],
                    'constraints': [models.UniqueConstraint(fields=('company', 'identity'), name='counterpart_identity')],
                },
            ),
            migrations.CreateModel(
                name='StoredFile',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('sha256', models.CharField(max_length=64)),
                    ('size', models.PositiveIntegerField()),
                    ('content', models.BinaryField()),
                    ('created_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'sha256'), name='stored_once')],
                },
            ),
            migrations.CreateModel(
                name='DocumentFile',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('xml', 'Fattura elettronica'), ('firmato', 'Fattura firmata'), ('importato', 'File importato'), ('ricevuta', 'Ricevuta di SdI'), ('metadati', 'Metadati di SdI'), ('risposta', 'Risposta inviata a SdI')], max_length=10)),
                    ('name', models.CharField(max_length=255)),
                    ('created_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='workflow.document')),
                    ('stored', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.storedfile')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('document', 'kind', 'name', 'stored'), name='file_listed_once')],
                },
            ),
            migrations.CreateModel(
                name='ImportedFile',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=255)),
                    ('size', models.BigIntegerField()),
                    ('sha256', models.CharField(max_length=64)),
                    ('status', models.CharField(choices=[('waiting', 'In attesa'), ('done', 'Importato'), ('partly', 'Importato in parte'), ('refused', 'Rifiutato')], default='waiting', max_length=10)),
                    ('outcomes', models.JSONField(default=list)),
                    ('created_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('stored', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.storedfile')),
                    ('received', models.BooleanField(default=False)),
                ],
                options={
                    'indexes': [models.Index(fields=['company', '-id'], name='imports_list')],
                },
            ),
            migrations.CreateModel(
                name='Sezionale',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(blank=True, max_length=8)),
                    ('description', models.CharField(max_length=80)),
                    ('for_receipts', models.BooleanField(default=False)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'code'), name='sezionale_code')],
                },
            ),
            migrations.CreateModel(
                name='NumberSeries',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('year', models.PositiveIntegerField()),
                    ('last', models.PositiveIntegerField(default=0)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('sezionale', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.sezionale')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('sezionale', 'year'), name='one_series')],
                },
            ),
            migrations.CreateModel(
                name='Invoice',
                fields=[
                    ('document', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='invoice', serialize=False, to='workflow.document')),
                    ('source', models.CharField(choices=[('form', 'Inserito a mano'), ('import', 'Importato da file'), ('api', 'Ricevuto via API')], max_length=10)),
                    ('tipo_documento', models.CharField(max_length=4)),
                    ('formato', models.CharField(blank=True, max_length=5)),
                    ('year', models.PositiveIntegerField()),
                    ('progressive', models.PositiveIntegerField(null=True)),
                    ('draft', models.JSONField(null=True)),
                    ('codice_destinatario', models.CharField(blank=True, max_length=7)),
                    ('pec_destinatario', models.CharField(blank=True, max_length=256)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('counterpart', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.counterpart')),
                    ('sezionale', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.sezionale')),
                    ('imported', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.storedfile')),
                    ('seller', models.CharField(max_length=30)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('sezionale', 'year', 'progressive'), name='number_given_once')],
                },
            ),
            migrations.CreateModel(
                name='SearchEntry',
                fields=[
                    ('document', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='+', serialize=False, to='workflow.document')),
                    ('company', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('date', models.DateField()),
                    ('month', models.DateField()),
                    ('number_key', models.CharField(db_collation='C', max_length=40)),
                    ('total_cents', models.BigIntegerField()),
                    ('words', django.contrib.postgres.search.SearchVectorField()),
                ],
                options={
                    'indexes': [models.Index(fields=['company', 'month', 'total_cents'], name='search_amount'), django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['words'], name='search_words'), models.Index(fields=['company', 'number_key'], name='search_number'), models.Index(fields=['company', 'date', 'number_key'], name='search_number_by_day')],
                },
            ),
            migrations.CreateModel(
                name='PreservationData',
                fields=[
                    ('document', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='workflow.document')),
                    ('riservato', models.BooleanField()),
                    ('tempo_di_conservazione', models.PositiveSmallIntegerField()),
                    ('indice_di_classificazione', models.CharField(blank=True, max_length=60)),
                    ('descrizione_classificazione', models.CharField(blank=True, max_length=200)),
                    ('id_aggregazione', models.CharField(blank=True, max_length=100)),
                    ('parole_chiave', models.JSONField(default=list)),
                    ('note', models.CharField(blank=True, max_length=500)),
                    ('version', models.PositiveIntegerField()),
                    ('saved_at', models.DateTimeField()),
                    ('saved_by', models.CharField(max_length=150)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
            ),
            migrations.CreateModel(
                name='Reception',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('source', models.CharField(choices=[('sdicoop', 'Da SdI (servizi web)'), ('sdiftp', 'Da SdI (SdIFtp)'), ('pec', 'Da SdI (PEC)'), ('intermediary', "Dall'intermediario"), ('import', 'Importata da file'), ('folder', 'Da una cartella sorvegliata')], max_length=12)),
                    ('identificativo_sdi', models.CharField(blank=True, max_length=36)),
                    ('name', models.CharField(max_length=255)),
                    ('sha256', models.CharField(max_length=64)),
                    ('content', models.BinaryField()),
                    ('metadata_name', models.CharField(blank=True, max_length=255)),
                    ('metadata', models.BinaryField(null=True)),
                    ('received_at', models.DateTimeField()),
                    ('arrivals', models.PositiveIntegerField(default=1)),
                    ('state', models.CharField(choices=[('waiting', 'In attesa di lettura'), ('done', 'Letta'), ('own', "Documento dell'azienda tornato da SdI"), ('duplicate', 'Già arrivata'), ('unreadable', 'Non leggibile'), ('nobody', 'Per nessuna azienda di questa installazione')], default='waiting', max_length=10)),
                    ('note', models.TextField(blank=True)),
                    ('read_at', models.DateTimeField(null=True)),
                    ('company', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('brought_for', models.BigIntegerField(default=0)),
                    ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.document')),
                    ('delivered_at', models.DateTimeField(null=True)),
                ],
                options={
                    'indexes': [models.Index(fields=['company', '-id'], name='receptions_list'), models.Index(condition=models.Q(('state', 'waiting')), fields=['id'], name='receptions_waiting'), models.Index(fields=['company', 'sha256'], name='receptions_by_bytes')],
                    'constraints': [models.UniqueConstraint(fields=('identificativo_sdi', 'sha256', 'brought_for'), name='received_once')],
                },
            ),
            migrations.CreateModel(
                name='Supplier',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('identity', models.CharField(max_length=120)),
                    ('name', models.CharField(max_length=200)),
                    ('party', models.JSONField()),
                    ('first_seen_at', models.DateTimeField()),
                    ('used_at', models.DateTimeField()),
                    ('confirmed_at', models.DateTimeField(null=True)),
                    ('confirmed_by', models.CharField(blank=True, max_length=150)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'identity'), name='supplier_identity')],
                },
            ),
            migrations.CreateModel(
                name='PassiveInvoice',
                fields=[
                    ('document', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='passive', serialize=False, to='workflow.document')),
                    ('position', models.PositiveIntegerField()),
                    ('tipo_documento', models.CharField(max_length=4)),
                    ('seller', models.CharField(max_length=30)),
                    ('formato', models.CharField(max_length=5)),
                    ('codice_destinatario', models.CharField(blank=True, max_length=7)),
                    ('identificativo_sdi', models.CharField(blank=True, max_length=36)),
                    ('delivered_at', models.DateTimeField(null=True)),
                    ('answer_by', models.DateTimeField(null=True)),
                    ('findings', models.JSONField(default=list)),
                    ('opened_at', models.DateTimeField(null=True)),
                    ('opened_by', models.CharField(blank=True, max_length=150)),
                    ('exported_at', models.DateTimeField(null=True)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('stored', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.storedfile')),
                    ('reception', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='documents.reception')),
                    ('supplier', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='documents.supplier')),
                    ('acknowledged_at', models.DateTimeField(null=True)),
                    ('acknowledged_ref', models.CharField(blank=True, max_length=100)),
                    ('integration', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.document')),
                    ('warned_days', models.PositiveSmallIntegerField(null=True)),
                ],
                options={
                    'indexes': [models.Index(fields=['company', 'seller'], name='passive_by_seller'), models.Index(condition=models.Q(('opened_at', None)), fields=['company', '-document'], name='passive_unread'), models.Index(condition=models.Q(('answer_by__isnull', False)), fields=['answer_by'], name='passive_terms'), models.Index(fields=['company', 'identificativo_sdi'], name='passive_by_sdi')],
                    'constraints': [models.UniqueConstraint(fields=('reception', 'position'), name='one_per_body')],
                },
            ),
            migrations.CreateModel(
                name='WatchedFolder',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('path', models.CharField(max_length=500)),
                    ('active', models.BooleanField(default=True)),
                    ('looked_at', models.DateTimeField(null=True)),
                    ('taken', models.PositiveIntegerField(default=0)),
                    ('last_error', models.TextField(blank=True)),
                    ('created_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('moves', models.BooleanField(default=True)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'path'), name='one_watch_per_folder')],
                },
            ),
            migrations.CreateModel(
                name='Decision',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('esito', models.CharField(choices=[('EC01', 'Accettazione'), ('EC02', 'Rifiuto')], max_length=4)),
                    ('cause', models.CharField(blank=True, max_length=40)),
                    ('descrizione', models.CharField(blank=True, max_length=255)),
                    ('at', models.DateTimeField()),
                    ('actor_label', models.CharField(max_length=150)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='workflow.document')),
                    ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(fields=['document', '-id'], name='decisions_of_document')],
                },
            ),
            migrations.CreateModel(
                name='SearchWord',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('company', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('word', models.TextField(db_collation='C')),
                ],
                options={
                    'indexes': [models.Index(fields=['company', 'word'], name='search_word')],
                },
            ),
            migrations.CreateModel(
                name='Posting',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('date', models.DateField()),
                    ('protocol', models.CharField(blank=True, max_length=40)),
                    ('source', models.CharField(choices=[('person', 'A mano'), ('gestionale', 'Dal gestionale')], max_length=12)),
                    ('at', models.DateTimeField()),
                    ('actor_label', models.CharField(max_length=150)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='workflow.document')),
                ],
                options={
                    'indexes': [models.Index(fields=['document', '-id'], name='postings_of_document')],
                },
            ),
            migrations.CreateModel(
                name='BroughtFile',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('position', models.PositiveIntegerField()),
                    ('name', models.CharField(max_length=255)),
                    ('note', models.TextField(blank=True)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('imported', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='brought', to='documents.importedfile')),
                    ('reception', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.reception')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('imported', 'position'), name='brought_in_order')],
                },
            ),
            migrations.CreateModel(
                name='FolderFile',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=255)),
                    ('size', models.BigIntegerField()),
                    ('changed_ns', models.BigIntegerField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('folder', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='documents.watchedfolder')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('folder', 'name'), name='folder_file_once')],
                },
            ),
        ]),
        *(row_security(f"documents_{table}") for table in WALLED),
        *(_searched(f"documents_{table}") for table in SEARCHED),
        *(append_only(f"documents_{table}") for table in ("storedfile", "documentfile", "decision", "posting")),
        # Not compressed: files are read whole, and reading costs no unpacking. The price is room, for XML would shrink
        # to a fraction.
        migrations.RunSQL(
            "alter table documents_storedfile alter column content set storage external;", migrations.RunSQL.noop
        ),
        # To Django every generated column may be empty.
        migrations.RunSQL(
            "alter table documents_counterpart alter column words set not null;", migrations.RunSQL.noop
        ),
        migrations.RunSQL(SEARCH, NO_SEARCH),
        migrations.RunSQL(NEW_WORDS, NO_NEW_WORDS),
    ]
