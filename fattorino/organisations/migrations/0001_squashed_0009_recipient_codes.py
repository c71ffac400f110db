import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

import fattorino.organisations.models
from fattorino.organisations.rls import SETUP, append_only, row_security
from fattorino.organisations.new_tables import Tables

# The table of the shared cache (limits on sign-in), as the framework's own command would make it.
CACHE = """
create table web_cache (cache_key varchar(255) primary key, value text not null, expires timestamp with time zone not null);
create index web_cache_expires on web_cache (expires);
"""


class Migration(migrations.Migration):
    """The room in one step, as its first nine steps built it (decision 0020)."""

    initial = True
    replaces = [
        ("organisations", "0001_initial"),
        ("organisations", "0002_walls"),
        ("organisations", "0003_api"),
        ("organisations", "0004_groups"),
        ("organisations", "0005_warnings_off"),
        ("organisations", "0006_language"),
        ("organisations", "0007_wall_once"),
        ("organisations", "0008_audit_list"),
        ("organisations", "0009_recipient_codes"),
    ]
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [
        TrigramExtension(),
        migrations.RunSQL(SETUP, migrations.RunSQL.noop),
        Tables([
            migrations.CreateModel(
                name='User',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                    ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                    ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                    ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                    ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                    ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                    ('email', models.EmailField(max_length=254, unique=True, verbose_name='indirizzo e-mail')),
                    ('language', models.CharField(choices=[('it', 'Italiano'), ('en', 'English')], default='it', max_length=2)),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ],
                options={
                    'verbose_name': 'user',
                    'verbose_name_plural': 'users',
                    'abstract': False,
                },
                managers=[
                    ('objects', fattorino.organisations.models.EmailUserManager()),
                ],
            ),
            migrations.CreateModel(
                name='Company',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=80)),
                    ('id_paese', models.CharField(default='IT', max_length=2)),
                    ('id_codice', models.CharField(max_length=28)),
                    ('codice_fiscale', models.CharField(blank=True, max_length=16)),
                    ('party', models.JSONField(default=dict)),
                    ('trasmittente_paese', models.CharField(default='IT', max_length=2)),
                    ('trasmittente_codice', models.CharField(max_length=28)),
                    ('sign_private', models.BooleanField(default=False)),
                    ('default_iban', models.CharField(blank=True, max_length=34)),
                    ('created_at', models.DateTimeField()),
                    ('warnings_off', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                    ('recipient_codes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=7), blank=True, default=list, size=None)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('id_paese', 'id_codice'), name='company_identity')],
                },
            ),
            migrations.CreateModel(
                name='AuditEntry',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('what', models.CharField(max_length=60)),
                    ('detail', models.JSONField(default=dict)),
                    ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('company', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
                options={
                    'indexes': [models.Index(fields=['company', '-id'], name='audit_of_company')],
                },
            ),
            migrations.CreateModel(
                name='Membership',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('role', models.CharField(choices=[('admin', 'Amministratore'), ('operator', 'Operatore'), ('reader', 'Consultazione')], max_length=10)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='organisations.company')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('user', 'company'), name='one_role_per_company')],
                },
            ),
            migrations.CreateModel(
                name='ApiToken',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=80)),
                    ('role', models.CharField(choices=[('admin', 'Amministratore'), ('operator', 'Operatore'), ('reader', 'Consultazione')], max_length=10)),
                    ('prefix', models.CharField(max_length=12, unique=True)),
                    ('digest', models.CharField(max_length=64)),
                    ('created_at', models.DateTimeField()),
                    ('expires_at', models.DateTimeField()),
                    ('revoked_at', models.DateTimeField(null=True)),
                    ('last_used_at', models.DateTimeField(null=True)),
                    ('window_start', models.DateTimeField(null=True)),
                    ('window_calls', models.PositiveIntegerField(default=0)),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
            ),
            migrations.CreateModel(
                name='IdempotencyKey',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(max_length=255)),
                    ('request_sha256', models.CharField(max_length=64)),
                    ('result_id', models.BigIntegerField(null=True)),
                    ('created_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'key'), name='key_used_once')],
                },
            ),
            migrations.CreateModel(
                name='Group',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('code', models.CharField(max_length=40)),
                    ('name', models.CharField(max_length=80)),
                    ('created_at', models.DateTimeField()),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('company', 'code'), name='group_code')],
                },
            ),
            migrations.CreateModel(
                name='GroupMember',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('company', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.company')),
                    ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='organisations.group')),
                    ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'constraints': [models.UniqueConstraint(fields=('group', 'user'), name='once_in_a_group')],
                },
            ),
        ]),
        append_only("organisations_auditentry"),
        migrations.RunSQL(CACHE, "drop table web_cache;"),
        row_security("organisations_apitoken"),
        row_security("organisations_idempotencykey"),
        row_security("organisations_group"),
        row_security("organisations_groupmember"),
    ]
