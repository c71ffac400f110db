from django.db import migrations, models

# A statement that changes counts says so to whoever listens: the live dashboards. Told once a transaction and company,
# when it is committed, so a listener that reads then sees what it was told of.
TELL = """
create function workflow_tell_counts() returns trigger language plpgsql as $$
begin
  perform pg_notify('workflow_counts', company_id::text) from (select distinct company_id from added) companies;
  return null;
end $$;
create trigger tell_counts after insert on workflow_countdelta referencing new table as added
  for each statement execute function workflow_tell_counts();
"""
UNDO = """
drop trigger tell_counts on workflow_countdelta;
drop function workflow_tell_counts();
"""


class Migration(migrations.Migration):
    dependencies = [("workflow", "0006_configuration")]
    operations = [
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                condition=models.Q(("held_statuses", []), _negated=True),
                fields=["company", "id"],
                name="document_holding",
            ),
        ),
        migrations.AddIndex(
            model_name="statechange",
            index=models.Index(
                condition=models.Q(("outcome", "unexpected")),
                fields=["company", "-id"],
                name="unexpected_outcomes",
            ),
        ),
        migrations.RunSQL(TELL, UNDO),
    ]
