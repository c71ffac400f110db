import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from fattorino.organisations.rls import append_only, row_security
from fattorino.organisations.new_tables import Tables

# What a served company must be told is written down where it happens, whoever writes it: in the same transaction.
TRIGGERS = """
create function hub_remote_submission() returns trigger language plpgsql as $$
begin
  if exists (select from hub_remotefile where base_name = new.base_name) then
    insert into hub_remotechange (company_id, what, row_id) values (new.company_id, 'submission', new.id);
  end if;
  return null;
end $$;
create trigger remote_submission after update on hub_submission for each row
  when (old.status is distinct from new.status or old.identificativo_sdi is distinct from new.identificativo_sdi)
  execute function hub_remote_submission();

create function hub_remote_message() returns trigger language plpgsql as $$
begin
  if exists (select from hub_servedcompany where company_id = new.company_id)
    and (tg_op = 'INSERT' or old.applied_at is null or old.company_id is null) then
    insert into hub_remotechange (company_id, what, row_id) values (new.company_id, 'message', new.id);
  end if;
  return null;
end $$;
create trigger remote_message after insert or update on hub_message for each row
  when (new.company_id is not null and new.applied_at is not null) execute function hub_remote_message();

create function hub_remote_reception() returns trigger language plpgsql as $$
begin
  if exists (select from hub_servedcompany where company_id = new.company_id)
    and (tg_op = 'INSERT' or old.company_id is null) then
    insert into hub_remotechange (company_id, what, row_id) values (new.company_id, 'reception', new.id);
  end if;
  return null;
end $$;
create trigger remote_reception after insert or update on documents_reception for each row
  when (new.company_id is not null and new.identificativo_sdi <> '' and new.source not in ('import', 'folder'))
  execute function hub_remote_reception();

create function hub_remote_outcome() returns trigger language plpgsql as $$
begin
  if exists (select from hub_remotefile where outcome_id = new.id) then
    insert into hub_remotechange (company_id, what, row_id) values (new.company_id, 'outcome', new.id);
  end if;
  return null;
end $$;
create trigger remote_outcome after update on hub_outcomesent for each row
  when (old.status is distinct from new.status) execute function hub_remote_outcome();
"""
UNDO = """
drop trigger remote_submission on hub_submission; drop function hub_remote_submission();
drop trigger remote_message on hub_message; drop function hub_remote_message();
drop trigger remote_reception on documents_reception; drop function hub_remote_reception();
drop trigger remote_outcome on hub_outcomesent; drop function hub_remote_outcome();
"""
WALLED = """
    channel channeluse collected consignment customerletter message outcomesent remotechange remoteevent remotefile
    servedcompany signingkey submission term transmission webhook webhookdelivery
""".split()


class Migration(migrations.Migration):
    """The room in one step, as its first eleven steps built it (decision 0020)."""

    initial = True
    replaces = [
        ("hub", "0001_initial"),
        ("hub", "0002_initial"),
        ("hub", "0003_walls"),
        ("hub", "0004_channels"),
        ("hub", "0005_old_channels"),
        ("hub", "0006_keys"),
        ("hub", "0007_outcomes"),
        ("hub", "0008_turns"),
        ("hub", "0009_channel_pages"),
        ("hub", "0010_remote"),
        ("hub", "0011_terms"),
    ]
    dependencies = [
        ("documents", "0012_brought"),
        ("organisations", "0009_recipient_codes"),
        ("workflow", "0015_notice_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        Tables([
            migrations.CreateModel(
                name='Channel',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('sdicoop', 'SDICoop (servizi web)'), ('sdiftp', 'SdIFtp (scambio di supporti)'), ('pec', 'PEC'), ('intermediary', 'Intermediario (altro Digital Hub)'), ('by_hand', "A mano, dal portale dell'Agenzia")], default='sdicoop', max_length=20)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('active', models.BooleanField(default=True)),
                    ('closed_until', models.DateTimeField(null=True)),
                    ('collected_at', models.DateTimeField(null=True)),
                    ('concurrency', models.PositiveSmallIntegerField(default=4)),
                    ('created_at', models.DateTimeField(null=True)),
                    ('cursor', models.CharField(blank=True, max_length=200)),
                    ('failures', models.PositiveIntegerField(default=0)),
                    ('label', models.CharField(blank=True, max_length=80)),
                    ('last_error', models.TextField(blank=True)),
                    ('last_failed_at', models.DateTimeField(null=True)),
                    ('last_worked_at', models.DateTimeField(null=True)),
                    ('pace', models.PositiveIntegerField(default=0)),
                    ('secrets', models.BinaryField(null=True)),
                    ('settings', models.JSONField(default=dict)),
                    ('test_result', models.JSONField(default=list)),
                    ('tested_at', models.DateTimeField(null=True)),
                    ('paced_until', models.DateTimeField(null=True)),
                    ('test_started_at', models.DateTimeField(null=True)),
                    ('certificates_until', models.DateTimeField(null=True)),
                ],
                options={
                    'indexes': [models.Index(fields=['company', 'id'], name='channels_of_company')],
                },
            ),
            migrations.CreateModel(
                name='FileNameSeries',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('id_paese', models.CharField(max_length=2)),
                    ('id_codice', models.CharField(max_length=28)),
                    ('last', models.BigIntegerField(default=0)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('id_paese', 'id_codice'), name='one_name_series')],
                },
            ),
            migrations.CreateModel(
                name='Consignment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=200)),
                    ('content', models.BinaryField()),
                    ('status', models.CharField(choices=[('sealed', 'Preparato'), ('sending', 'In consegna'), ('handed_over', 'Consegnato al canale'), ('taken', 'Preso in carico'), ('refused', 'Rifiutato'), ('uncertain', 'Esito incerto')], default='sealed', max_length=12)),
                    ('created_at', models.DateTimeField()),
                    ('handed_over_at', models.DateTimeField(null=True)),
                    ('answered_at', models.DateTimeField(null=True)),
                    ('answer', models.TextField(blank=True)),
                    ('failures', models.PositiveIntegerField(default=0)),
                    ('next_attempt_at', models.DateTimeField(null=True)),
                    ('channel', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.channel')),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('channel', 'name'), name='consignment_name')],
                },
            ),
            migrations.CreateModel(
                name='Submission',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('run', models.UUIDField(unique=True)),
                    ('status', models.CharField(choices=[('acquired', 'Acquisita'), ('validated', 'Validata'), ('signed', 'Firmata'), ('queued', 'In coda di invio'), ('sending', 'In invio'), ('uncertain', "Esito dell'invio incerto"), ('accepted', 'Presa in carico da SdI'), ('failed', 'Non inviata'), ('closed', 'Conclusa'), ('by_hand', 'Da trasmettere a mano')], max_length=12)),
                    ('formato', models.CharField(blank=True, max_length=5)),
                    ('base_name', models.CharField(max_length=50, unique=True)),
                    ('file_name', models.CharField(blank=True, max_length=50)),
                    ('identificativo_sdi', models.CharField(blank=True, max_length=36)),
                    ('current', models.BooleanField(default=True)),
                    ('failures', models.PositiveIntegerField(default=0)),
                    ('offered_again', models.BooleanField(default=False)),
                    ('next_attempt_at', models.DateTimeField(null=True)),
                    ('last_error', models.TextField(blank=True)),
                    ('created_at', models.DateTimeField()),
                    ('accepted_at', models.DateTimeField(null=True)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('content', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.storedfile')),
                    ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='workflow.document')),
                    ('outgoing', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.storedfile')),
                    ('channel', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.channel')),
                    ('priority', models.SmallIntegerField(default=0)),
                    ('consignment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='hub.consignment')),
                ],
                options={
                    'indexes': [models.Index(fields=['company', 'status'], name='submission_status'), models.Index(fields=['identificativo_sdi'], name='submission_sdi_id'), models.Index(condition=models.Q(('status', 'queued')), fields=['channel', '-priority', 'id'], name='submission_queue')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('current', True)), fields=('document',), name='one_current_submission')],
                },
            ),
            migrations.CreateModel(
                name='Collected',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=255)),
                    ('sha256', models.CharField(max_length=64)),
                    ('content', models.BinaryField()),
                    ('received_at', models.DateTimeField()),
                    ('arrivals', models.PositiveIntegerField(default=1)),
                    ('read_at', models.DateTimeField(null=True)),
                    ('note', models.TextField(blank=True)),
                    ('channel', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.channel')),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('read_at', None)), fields=['id'], name='collected_unread')],
                    'constraints': [models.UniqueConstraint(fields=('channel', 'sha256'), name='collected_once')],
                },
            ),
            migrations.CreateModel(
                name='Message',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('sha256', models.CharField(max_length=64, unique=True)),
                    ('name', models.CharField(max_length=255)),
                    ('content', models.BinaryField()),
                    ('kind', models.CharField(blank=True, max_length=4)),
                    ('identificativo_sdi', models.CharField(blank=True, max_length=36)),
                    ('message_id', models.CharField(blank=True, max_length=36)),
                    ('event', models.CharField(blank=True, max_length=40)),
                    ('note', models.TextField(blank=True)),
                    ('received_at', models.DateTimeField()),
                    ('arrivals', models.PositiveIntegerField(default=1)),
                    ('applied_at', models.DateTimeField(null=True)),
                    ('company', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('submission', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='hub.submission')),
                    ('channel', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.channel')),
                    ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.document')),
                    ('settled_at', models.DateTimeField(null=True)),
                    ('settled_by', models.CharField(blank=True, max_length=150)),
                    ('signature', models.CharField(blank=True, choices=[('', 'Non verificata'), ('valid', 'Valida, di SdI'), ('foreign', 'Integra, ma di un firmatario non riconosciuto'), ('broken', 'Non valida'), ('missing', 'Assente')], default='', max_length=10)),
                    ('signature_note', models.CharField(blank=True, max_length=300)),
                    ('state', models.CharField(choices=[('waiting', 'In attesa di lettura'), ('applied', 'Applicato'), ('to_match', 'Da abbinare'), ('settled', 'Archiviato da una persona')], default='waiting', max_length=10)),
                    ('collected', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.collected')),
                    ('happened_at', models.DateTimeField(null=True)),
                    ('settled_why', models.CharField(blank=True, max_length=300)),
                ],
                options={
                    'indexes': [models.Index(fields=['identificativo_sdi', 'kind'], name='message_match'), models.Index(fields=['company', '-id'], name='messages_list'), models.Index(condition=models.Q(('state', 'to_match')), fields=['-id'], name='messages_to_match')],
                },
            ),
            migrations.CreateModel(
                name='SigningKey',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('pkcs12', models.BinaryField(null=True)),
                    ('password', models.BinaryField(null=True)),
                    ('subject', models.CharField(blank=True, max_length=250)),
                    ('serial', models.CharField(blank=True, max_length=60)),
                    ('not_after', models.DateTimeField(null=True)),
                    ('active', models.BooleanField(default=True)),
                    ('created_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('blocked_at', models.DateTimeField(null=True)),
                    ('blocked_why', models.TextField(blank=True)),
                    ('form', models.CharField(choices=[('cades', 'CAdES-BES (.xml.p7m)'), ('xades', 'XAdES-BES (.xml)')], default='cades', max_length=10)),
                    ('kind', models.CharField(choices=[('pkcs12', 'File PKCS#12 (.p12, .pfx)'), ('pkcs11', 'Dispositivo o HSM (PKCS#11)'), ('csc', 'Firma remota (CSC)')], default='pkcs12', max_length=10)),
                    ('secrets', models.BinaryField(null=True)),
                    ('settings', models.JSONField(default=dict)),
                    ('test_note', models.TextField(blank=True)),
                    ('tested_at', models.DateTimeField(null=True)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(condition=models.Q(('active', True)), fields=('company',), name='one_active_key')],
                },
            ),
            migrations.CreateModel(
                name='Transmission',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('started_at', models.DateTimeField()),
                    ('finished_at', models.DateTimeField(null=True)),
                    ('outcome', models.CharField(choices=[('open', 'In corso'), ('accepted', 'Presa in carico'), ('not_taken', 'Certamente non presa in carico'), ('unknown', 'Esito sconosciuto')], default='open', max_length=10)),
                    ('identificativo_sdi', models.CharField(blank=True, max_length=36)),
                    ('error', models.TextField(blank=True)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('submission', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='transmissions', to='hub.submission')),
                    ('channel', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.channel')),
                    ('slot', models.PositiveSmallIntegerField(default=0)),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('outcome', 'open')), fields=['channel', 'slot'], name='transmissions_open')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('outcome', 'open')), fields=('submission',), name='one_open_transmission')],
                },
            ),
            migrations.CreateModel(
                name='ChannelUse',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('dashboard', models.CharField(blank=True, choices=[('PA', 'Fatture attive verso PA'), ('PR', 'Fatture attive verso privati'), ('PS', 'Fatture passive'), ('LI', 'Liquidazioni IVA'), ('DF', 'Dati fatture')], max_length=2)),
                    ('channel', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.channel')),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('fallback', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.channel')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'dashboard'), name='one_way_per_dashboard')],
                },
            ),
            migrations.CreateModel(
                name='OutcomeSent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('run', models.UUIDField(unique=True)),
                    ('identificativo_sdi', models.CharField(max_length=36)),
                    ('esito', models.CharField(max_length=4)),
                    ('file_name', models.CharField(max_length=60)),
                    ('status', models.CharField(choices=[('queued', 'In coda di invio'), ('sending', 'In invio'), ('uncertain', "Esito dell'invio incerto"), ('sent', 'Inviato, in attesa di conferma'), ('taken', 'Registrato da SdI'), ('refused', 'Scartato da SdI'), ('failed', 'Non inviato')], default='queued', max_length=10)),
                    ('failures', models.PositiveIntegerField(default=0)),
                    ('next_attempt_at', models.DateTimeField(null=True)),
                    ('last_error', models.TextField(blank=True)),
                    ('created_at', models.DateTimeField()),
                    ('sent_at', models.DateTimeField(null=True)),
                    ('channel', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.channel')),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('consignment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.consignment')),
                    ('content', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.storedfile')),
                    ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.document')),
                    ('decision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.decision')),
                    ('offered_again', models.BooleanField(default=False)),
                ],
                options={
                    'indexes': [models.Index(fields=['document', 'id'], name='outcomes_of_document')],
                    'constraints': [models.UniqueConstraint(fields=('company', 'file_name'), name='outcome_name')],
                },
            ),
            migrations.CreateModel(
                name='CustomerLetter',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('run', models.UUIDField(null=True, unique=True)),
                    ('address', models.CharField(blank=True, max_length=254)),
                    ('subject', models.CharField(max_length=200)),
                    ('body', models.TextField()),
                    ('told_by', models.CharField(blank=True, max_length=200)),
                    ('status', models.CharField(choices=[('written', 'Da inviare'), ('sending', 'In invio'), ('sent', 'Inviata per e-mail'), ('told', 'Comunicata in altro modo'), ('failed', 'Non inviata')], default='written', max_length=8)),
                    ('error', models.TextField(blank=True)),
                    ('created_at', models.DateTimeField()),
                    ('created_by', models.CharField(max_length=150)),
                    ('closed_at', models.DateTimeField(null=True)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.document')),
                ],
                options={
                    'indexes': [models.Index(fields=['document', '-id'], name='letters_of_document')],
                },
            ),
            migrations.CreateModel(
                name='ServedCompany',
                fields=[
                    ('company', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='organisations.company')),
                    ('since', models.DateTimeField()),
                ],
            ),
            migrations.CreateModel(
                name='RemoteFile',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('FA', 'Fattura'), ('EC', 'Esito committente')], default='FA', max_length=2)),
                    ('name', models.CharField(max_length=60)),
                    ('base_name', models.CharField(max_length=50)),
                    ('reception_sdi', models.CharField(blank=True, max_length=36)),
                    ('token_label', models.CharField(max_length=80)),
                    ('state', models.CharField(choices=[('received', 'Consegnato, da acquisire'), ('acquired', 'Acquisito'), ('sending', 'In invio'), ('with_sdi', 'Preso in carico da SdI'), ('closed', 'Concluso'), ('returned', 'Restituito: non inviato')], default='received', max_length=10)),
                    ('text', models.TextField(blank=True)),
                    ('identificativo_sdi', models.CharField(blank=True, max_length=36)),
                    ('arrivals', models.PositiveIntegerField(default=1)),
                    ('received_at', models.DateTimeField()),
                    ('changed_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.document')),
                    ('outcome', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.outcomesent')),
                    ('stored', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.storedfile')),
                ],
                options={
                    'indexes': [models.Index(fields=['company', '-id'], name='remote_files_list'), models.Index(fields=['document', '-id'], name='remote_file_of_document'), models.Index(condition=models.Q(('state__in', ['received', 'acquired'])), fields=['company'], name='remote_files_early')],
                    'constraints': [models.UniqueConstraint(fields=('base_name',), name='remote_name_once')],
                },
            ),
            migrations.CreateModel(
                name='RemoteEvent',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('file', 'Stato di un file consegnato'), ('message', 'Messaggio di SdI'), ('invoice', 'Fattura ricevuta')], max_length=10)),
                    ('at', models.DateTimeField()),
                    ('state', models.CharField(blank=True, max_length=10)),
                    ('text', models.TextField(blank=True)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='hub.message')),
                    ('reception', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='documents.reception')),
                    ('file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='hub.remotefile')),
                ],
                options={
                    'indexes': [models.Index(fields=['company', 'id'], name='remote_feed')],
                    'constraints': [models.UniqueConstraint(fields=('company', 'message'), name='message_told_once'), models.UniqueConstraint(fields=('company', 'reception'), name='reception_told_once')],
                },
            ),
            migrations.CreateModel(
                name='Webhook',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('url', models.CharField(max_length=500)),
                    ('secret', models.BinaryField()),
                    ('old_secret', models.BinaryField(null=True)),
                    ('old_until', models.DateTimeField(null=True)),
                    ('active', models.BooleanField(default=True)),
                    ('failures', models.PositiveIntegerField(default=0)),
                    ('failing_since', models.DateTimeField(null=True)),
                    ('disabled_at', models.DateTimeField(null=True)),
                    ('disabled_why', models.TextField(blank=True)),
                    ('last_ok_at', models.DateTimeField(null=True)),
                    ('created_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'url'), name='one_webhook_per_address')],
                },
            ),
            migrations.CreateModel(
                name='WebhookDelivery',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('test', models.BooleanField(default=False)),
                    ('state', models.CharField(choices=[('waiting', 'In attesa'), ('delivered', 'Consegnata'), ('given_up', 'Non consegnata')], default='waiting', max_length=10)),
                    ('told', models.BigIntegerField(default=0)),
                    ('attempts', models.PositiveIntegerField(default=0)),
                    ('created_at', models.DateTimeField()),
                    ('next_attempt_at', models.DateTimeField(null=True)),
                    ('ended_at', models.DateTimeField(null=True)),
                    ('status_code', models.PositiveSmallIntegerField(null=True)),
                    ('error', models.TextField(blank=True)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='hub.webhook')),
                ],
                options={
                    'indexes': [models.Index(fields=['webhook', '-id'], name='deliveries_of_webhook'), models.Index(condition=models.Q(('state', 'waiting')), fields=['next_attempt_at'], name='deliveries_waiting')],
                    'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'waiting'), ('test', False)), fields=('webhook',), name='one_waiting_delivery')],
                },
            ),
            migrations.CreateModel(
                name='RemoteChange',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('what', models.CharField(max_length=10)),
                    ('row_id', models.BigIntegerField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
                options={
                    'indexes': [models.Index(fields=['company', 'id'], name='remote_changes')],
                },
            ),
            migrations.CreateModel(
                name='Term',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('awaited', models.CharField(choices=[('receipt', 'La ricevuta di SdI'), ('outcome', "La risposta dell'amministrazione o la decorrenza dei termini"), ('attestation', "La consegna, o l'attestazione che non è stata possibile")], max_length=12)),
                    ('since', models.DateTimeField()),
                    ('due_at', models.DateTimeField()),
                    ('warned_at', models.DateTimeField(null=True)),
                    ('passed_at', models.DateTimeField(null=True)),
                    ('met_at', models.DateTimeField(null=True)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.document')),
                    ('submission', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='hub.submission')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('met_at', None)), fields=['company', 'due_at', 'id'], name='terms_of_company'), models.Index(condition=models.Q(('met_at', None), ('passed_at', None)), fields=['due_at'], name='terms_running')],
                    'constraints': [models.UniqueConstraint(fields=('submission', 'awaited'), name='one_term_of_a_kind')],
                },
            ),
        ]),
        *(row_security(f"hub_{table}") for table in WALLED),
        append_only("hub_remoteevent"),
        migrations.RunSQL(TRIGGERS, UNDO),
    ]
