from django.db import migrations

# The index stands in the models since 0001. 0005 took it away with the plain index of its column, as Django does with
# every index of one column whose name the options `indexes` of the model do not list.
CLOSE = """
select set_config('app.companies', '*', true);
update workflow_pendingaction p set finished_at = p.requested_at, succeeded = false,
    message = 'Chiusa: sullo stesso documento era in corso un''altra operazione.'
  where finished_at is null and exists (
    select from workflow_pendingaction q
    where q.document_id = p.document_id and q.finished_at is null and q.id < p.id);
select set_config('app.companies', '', true);
"""
MAKE = (
    "create unique index if not exists one_open_action on workflow_pendingaction (document_id)"
    " where finished_at is null;"
)


class Migration(migrations.Migration):
    dependencies = [("workflow", "0010_bulk")]
    operations = [
        migrations.RunSQL(CLOSE, migrations.RunSQL.noop),
        migrations.RunSQL(MAKE, migrations.RunSQL.noop),
    ]
