from django.db import migrations

# A notice that was written or read says so where changes of counts do: the bell follows over the same channel.
# In a move both are told in one transaction, and PostgreSQL tells what is equal once.
TELL = """
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
UNDO = """
drop trigger tell_notices_read on workflow_notice;
drop trigger tell_notices on workflow_notice;
drop function workflow_tell_notices();
"""


class Migration(migrations.Migration):
    dependencies = [("workflow", "0012_outcome_seen")]
    operations = [migrations.RunSQL(TELL, UNDO)]
