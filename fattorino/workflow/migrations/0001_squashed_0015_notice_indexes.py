import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from fattorino.organisations.rls import append_only, row_security
from fattorino.organisations.new_tables import Tables

# One row per group that a statement changed; a statement that moves nothing between groups leaves none.
SUMS = """
  sum(sign), sum(sign) filter (where currency <> 'EUR'),
  sum(sign * taxable_cents) filter (where currency = 'EUR'), sum(sign * tax_cents) filter (where currency = 'EUR'),
  sum(sign * total_cents) filter (where currency = 'EUR')
"""
COLUMNS = "company_id, dashboard, kind, state, date, n, others, taxable_cents, tax_cents, total_cents"


def _append(rows: str) -> str:
    return f"""
  insert into workflow_countdelta ({COLUMNS})
  select company_id, dashboard, kind, state, date, n, coalesce(others, 0),
    coalesce(taxable, 0), coalesce(tax, 0), coalesce(total, 0)
  from (
    select company_id, dashboard, kind, state, date, {SUMS} from ({rows}) rows
    group by company_id, dashboard, kind, state, date
  ) groups (company_id, dashboard, kind, state, date, n, others, taxable, tax, total)
  where n <> 0 or others <> 0 or taxable <> 0 or tax <> 0 or total <> 0;
"""


def _rows(table: str, sign: int) -> str:
    return (
        f"select {sign} as sign, company_id, dashboard, kind, state, date, currency,"
        f" taxable_cents, tax_cents, total_cents from {table}"
    )


COUNTS = f"""
create function workflow_count_inserted() returns trigger language plpgsql as $$
begin {_append(_rows("inserted", 1))} return null; end $$;
create function workflow_count_deleted() returns trigger language plpgsql as $$
begin {_append(_rows("deleted", -1))} return null; end $$;
create function workflow_count_updated() returns trigger language plpgsql as $$
begin {_append(_rows("before_it", -1) + " union all " + _rows("after_it", 1))} return null; end $$;

create trigger count_inserted after insert on workflow_document referencing new table as inserted
  for each statement execute function workflow_count_inserted();
create trigger count_deleted after delete on workflow_document referencing old table as deleted
  for each statement execute function workflow_count_deleted();
create trigger count_updated after update on workflow_document
  referencing old table as before_it new table as after_it
  for each statement execute function workflow_count_updated();
"""
NO_COUNTS = """
drop trigger count_inserted on workflow_document;
drop trigger count_deleted on workflow_document;
drop trigger count_updated on workflow_document;
drop function workflow_count_inserted();
drop function workflow_count_deleted();
drop function workflow_count_updated();
"""

# A statement that changes counts says so to whoever listens: the live dashboards. Told once a transaction and company,
# when it is committed, so a listener that reads then sees what it was told of.
TELL_COUNTS = """
create function workflow_tell_counts() returns trigger language plpgsql as $$
begin
  perform pg_notify('workflow_counts', company_id::text) from (select distinct company_id from added) companies;
  return null;
end $$;
create trigger tell_counts after insert on workflow_countdelta referencing new table as added
  for each statement execute function workflow_tell_counts();
"""
TELL_NO_COUNTS = """
drop trigger tell_counts on workflow_countdelta;
drop function workflow_tell_counts();
"""

# A notice that was written or read says so where changes of counts do: the bell follows over the same channel.
# In a move both are told in one transaction, and PostgreSQL tells what is equal once.
TELL_NOTICES = """
create function workflow_tell_notices() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform pg_notify('workflow_counts', company_id::text) from (select distinct company_id from added) companies;
  else
    perform pg_notify('workflow_counts', company_id::text) from (select distinct a.company_id from added a
      join removed r on r.id = a.id where r.read_at is distinct from a.read_at) companies;
  end if;
  return null;
end $$;
create trigger tell_notices after insert on workflow_notice referencing new table as added
  for each statement execute function workflow_tell_notices();
create trigger tell_notices_read after update on workflow_notice referencing new table as added old table as removed
  for each statement execute function workflow_tell_notices();
"""
TELL_NO_NOTICES = """
drop trigger tell_notices_read on workflow_notice;
drop trigger tell_notices on workflow_notice;
drop function workflow_tell_notices();
"""

# What autovacuum's own measure (a fifth of the table) would leave for too long; decision 0008 has the facts.
SETTINGS = {
    # One document in fifty has moved: with millions the pages' "all is visible" marks would be stale for weeks.
    "workflow_document": "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02,"
    " autovacuum_analyze_scale_factor = 0.02",
    # Filled and emptied all day: what counts is how many rows came and went, not how many there are.
    "workflow_countdelta": "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,"
    " autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000",
    # The same few rows change at every roll-up: with room on the page no index need be written.
    "workflow_documentcount": "fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05",
    # An open action ends within seconds and stays for ever.
    "workflow_pendingaction": "fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02",
}
WALLED = """
    bulkitem bulkrun countdelta document documentcount gadgetpreference notice noticemail noticepreference outcomeseen
    pendingaction statechange workflowdraft workflowversion
""".split()


class Migration(migrations.Migration):
    """The room in one step, as its first fifteen steps built it (decision 0020)."""

    initial = True
    replaces = [
        ("workflow", "0001_initial"),
        ("workflow", "0002_walls"),
        ("workflow", "0003_search_without_index"),
        ("workflow", "0004_counts"),
        ("workflow", "0005_fewer_indexes"),
        ("workflow", "0006_configuration"),
        ("workflow", "0007_dashboards"),
        ("workflow", "0008_tending"),
        ("workflow", "0009_notice_mail"),
        ("workflow", "0010_bulk"),
        ("workflow", "0011_one_open_action"),
        ("workflow", "0012_outcome_seen"),
        ("workflow", "0013_tell_notices"),
        ("workflow", "0014_bulk_keys"),
        ("workflow", "0015_notice_indexes"),
    ]
    dependencies = [
        ("organisations", "0009_recipient_codes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RunSQL("create sequence workflow_change_seq;", "drop sequence workflow_change_seq;"),
        Tables([
            migrations.CreateModel(
                name='StateLook',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=40, unique=True)),
                    ('label', models.CharField(max_length=80)),
                    ('tab', models.CharField(max_length=40)),
                    ('order', models.IntegerField(default=0)),
                    ('gadget_label', models.CharField(blank=True, max_length=80)),
                    ('icon', models.CharField(blank=True, max_length=40)),
                    ('colour', models.CharField(default='#5b7083', max_length=7)),
                    ('tooltip', models.CharField(blank=True, max_length=200)),
                    ('image_sha256', models.CharField(blank=True, max_length=64)),
                ],
            ),
            migrations.CreateModel(
                name='Document',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('fattura', 'Fattura'), ('nota_credito', 'Nota di credito'), ('ricevuta', 'Ricevuta')], max_length=20)),
                    ('dashboard', models.CharField(blank=True, max_length=2)),
                    ('state', models.CharField(blank=True, max_length=40)),
                    ('state_since', models.DateTimeField(null=True)),
                    ('confirmed', models.BooleanField(default=False)),
                    ('number', models.CharField(blank=True, max_length=20)),
                    ('date', models.DateField()),
                    ('counterpart_id', models.BigIntegerField(null=True)),
                    ('counterpart_name', models.CharField(max_length=200)),
                    ('total_cents', models.BigIntegerField(default=0)),
                    ('taxable_cents', models.BigIntegerField(default=0)),
                    ('tax_cents', models.BigIntegerField(default=0)),
                    ('due_cents', models.BigIntegerField(default=0)),
                    ('currency', models.CharField(default='EUR', max_length=3)),
                    ('search_text', models.TextField(blank=True)),
                    ('held_statuses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                    ('version', models.PositiveIntegerField(default=1)),
                    ('change_seq', models.BigIntegerField(default=0)),
                    ('created_at', models.DateTimeField()),
                    ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('created_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(fields=['company', '-date', '-id'], name='document_list'), models.Index(fields=['company', 'number'], name='document_by_number'), models.Index(fields=['company', 'change_seq'], name='document_changes'), models.Index(fields=['company', 'dashboard', 'kind', 'state', '-date', '-id'], name='document_by_group'), models.Index(condition=models.Q(('held_statuses', []), _negated=True), fields=['company', 'id'], name='document_holding')],
                },
            ),
            migrations.CreateModel(
                name='PendingAction',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('action', models.CharField(max_length=40)),
                    ('run', models.UUIDField()),
                    ('requested_at', models.DateTimeField()),
                    ('actor_kind', models.CharField(max_length=12)),
                    ('actor_label', models.CharField(max_length=150)),
                    ('attempts', models.PositiveIntegerField(default=0)),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('succeeded', models.BooleanField(null=True)),
                    ('message', models.TextField(blank=True)),
                    ('actor_user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('document', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='pending', to='workflow.document')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(condition=models.Q(('finished_at', None)), fields=('document',), name='one_open_action')],
                },
            ),
            migrations.CreateModel(
                name='StateChange',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('event', models.CharField(max_length=60)),
                    ('from_state', models.CharField(blank=True, max_length=40)),
                    ('to_state', models.CharField(blank=True, max_length=40)),
                    ('action', models.CharField(blank=True, max_length=40)),
                    ('outcome', models.CharField(max_length=12)),
                    ('actor_kind', models.CharField(max_length=12)),
                    ('actor_label', models.CharField(max_length=150)),
                    ('message', models.TextField(blank=True)),
                    ('detail', models.JSONField(default=list)),
                    ('file_sha256', models.CharField(blank=True, max_length=64)),
                    ('workflow_version', models.PositiveIntegerField(default=0)),
                    ('actor_user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('document', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='workflow.document')),
                ],
                options={
                    'indexes': [models.Index(fields=['document', 'id'], name='history'), models.Index(condition=models.Q(('outcome', 'unexpected')), fields=['company', '-id'], name='unexpected_outcomes')],
                },
            ),
            migrations.CreateModel(
                name='WorkflowVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveIntegerField()),
                    ('definition', models.JSONField()),
                    ('published_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('note', models.CharField(blank=True, max_length=200)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'number'), name='workflow_version_number')],
                },
            ),
            migrations.CreateModel(
                name='CountDelta',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('company', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('dashboard', models.CharField(blank=True, max_length=2)),
                    ('kind', models.CharField(max_length=20)),
                    ('state', models.CharField(blank=True, max_length=40)),
                    ('date', models.DateField()),
                    ('n', models.BigIntegerField()),
                    ('others', models.BigIntegerField()),
                    ('taxable_cents', models.BigIntegerField()),
                    ('tax_cents', models.BigIntegerField()),
                    ('total_cents', models.BigIntegerField()),
                ],
            ),
            migrations.CreateModel(
                name='DocumentCount',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('span', models.CharField(choices=[('D', 'Day'), ('M', 'Month')], max_length=1)),
                    ('start', models.DateField()),
                    ('dashboard', models.CharField(blank=True, max_length=2)),
                    ('kind', models.CharField(max_length=20)),
                    ('state', models.CharField(blank=True, max_length=40)),
                    ('n', models.BigIntegerField()),
                    ('others', models.BigIntegerField()),
                    ('taxable_cents', models.BigIntegerField()),
                    ('tax_cents', models.BigIntegerField()),
                    ('total_cents', models.BigIntegerField()),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'span', 'start', 'dashboard', 'kind', 'state'), name='document_count_key')],
                },
            ),
            migrations.CreateModel(
                name='StateImage',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('sha256', models.CharField(max_length=64, unique=True)),
                    ('content', models.BinaryField()),
                    ('created_at', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='BulkRun',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('dashboard', models.CharField(max_length=2)),
                    ('state', models.CharField(max_length=40)),
                    ('action', models.CharField(blank=True, max_length=40)),
                    ('target', models.CharField(blank=True, max_length=40)),
                    ('reason', models.CharField(blank=True, max_length=500)),
                    ('status', models.CharField(choices=[('running', 'in corso'), ('paused', 'in pausa'), ('cancelled', 'annullato'), ('done', 'concluso')], default='running', max_length=10)),
                    ('total', models.PositiveIntegerField()),
                    ('started_at', models.DateTimeField()),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('actor_label', models.CharField(max_length=150)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('done', models.PositiveIntegerField(default=0)),
                    ('failed', models.PositiveIntegerField(default=0)),
                    ('message', models.CharField(blank=True, max_length=500)),
                    ('refused', models.PositiveIntegerField(default=0)),
                    ('started', models.PositiveIntegerField(default=0)),
                ],
                options={
                    'indexes': [models.Index(fields=['company', '-id'], name='bulk_runs'), models.Index(condition=models.Q(('finished_at', None)), fields=['id'], name='bulk_unfinished')],
                },
            ),
            migrations.CreateModel(
                name='WorkflowDraft',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('definition', models.JSONField()),
                    ('base_number', models.PositiveIntegerField()),
                    ('version', models.PositiveIntegerField()),
                    ('changed_at', models.DateTimeField()),
                    ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('company', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
            ),
            migrations.CreateModel(
                name='BulkItem',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('place', models.PositiveIntegerField()),
                    ('outcome', models.CharField(blank=True, choices=[('', 'in attesa'), ('started', 'in corso'), ('done', 'riuscito'), ('failed', 'non riuscito'), ('refused', 'non ammesso')], max_length=8)),
                    ('message', models.TextField(blank=True)),
                    ('at', models.DateTimeField(null=True)),
                    ('company', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('document', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.document')),
                    ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='workflow.bulkrun')),
                ],
                options={
                    'indexes': [models.Index(fields=['run', 'outcome', 'place'], name='bulk_outcomes'), models.Index(condition=models.Q(('outcome', 'started')), fields=['document'], name='bulk_under_way')],
                    'constraints': [models.UniqueConstraint(fields=('run', 'place'), name='bulk_place'), models.UniqueConstraint(fields=('run', 'document'), name='once_in_a_run')],
                },
            ),
            migrations.CreateModel(
                name='GadgetPreference',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('dashboard', models.CharField(max_length=2)),
                    ('state', models.CharField(max_length=40)),
                    ('place', models.IntegerField(null=True)),
                    ('hidden', models.BooleanField(default=False)),
                    ('pinned', models.BooleanField(default=False)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'user', 'dashboard', 'state'), name='one_wish_a_gadget')],
                },
            ),
            migrations.CreateModel(
                name='NoticeMail',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.UUIDField(unique=True)),
                    ('digest_day', models.DateField(null=True)),
                    ('created_at', models.DateTimeField()),
                    ('next_attempt_at', models.DateTimeField()),
                    ('attempts', models.PositiveIntegerField(default=0)),
                    ('outcome', models.CharField(blank=True, choices=[('', 'in attesa'), ('sent', 'inviata'), ('refused', 'indirizzo rifiutato'), ('dropped', 'non più dovuta')], max_length=7)),
                    ('closed_at', models.DateTimeField(null=True)),
                    ('address', models.CharField(blank=True, max_length=254)),
                    ('last_error', models.CharField(blank=True, max_length=500)),
                    ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'indexes': [models.Index(fields=['company', 'user', '-created_at'], name='mails_of'), models.Index(condition=models.Q(('outcome', '')), fields=['next_attempt_at'], name='mails_waiting')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('digest_day', None), _negated=True), fields=('company', 'user', 'digest_day'), name='one_digest_a_day')],
                },
            ),
            migrations.CreateModel(
                name='Notice',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('state', models.CharField(max_length=40)),
                    ('created_at', models.DateTimeField()),
                    ('read_at', models.DateTimeField(null=True)),
                    ('mail', models.CharField(blank=True, choices=[('', 'nessuna'), ('now', 'subito'), ('digest', 'nel riepilogo'), ('queued', 'in partenza'), ('sent', 'inviata')], max_length=6)),
                    ('change', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.statechange')),
                    ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('document', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.document')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('in_mail', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='workflow.noticemail')),
                ],
                options={
                    'indexes': [models.Index(fields=['company', 'user', '-id'], name='notices_of'), models.Index(condition=models.Q(('read_at', None)), fields=['company', 'user'], name='notices_unread'), models.Index(condition=models.Q(('mail__in', ['now', 'digest'])), fields=['id'], name='notices_to_mail'), models.Index(condition=models.Q(('in_mail', None), _negated=True), fields=['in_mail'], name='notices_in_mail')],
                    'constraints': [models.UniqueConstraint(fields=('change', 'user'), name='told_once')],
                },
            ),
            migrations.CreateModel(
                name='NoticePreference',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('digest', models.BooleanField(default=False)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('refused_address', models.CharField(blank=True, max_length=254)),
                    ('refused_at', models.DateTimeField(null=True)),
                    ('refused_why', models.CharField(blank=True, max_length=500)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'user'), name='one_wish_for_notices')],
                },
            ),
            migrations.CreateModel(
                name='OutcomeSeen',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('actor_label', models.CharField(max_length=150)),
                    ('note', models.CharField(blank=True, max_length=500)),
                    ('change', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.statechange')),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
            ),
        ]),
        *(row_security(f"workflow_{table}") for table in WALLED),
        append_only("workflow_statechange"),
        append_only("workflow_workflowversion"),
        append_only("workflow_outcomeseen"),
        migrations.RunSQL(COUNTS, NO_COUNTS),
        migrations.RunSQL(TELL_COUNTS, TELL_NO_COUNTS),
        migrations.RunSQL(TELL_NOTICES, TELL_NO_NOTICES),
        migrations.RunSQL(
            "".join(f"alter table {table} set ({settings});" for table, settings in SETTINGS.items()),
            migrations.RunSQL.noop,
        ),
    ]
