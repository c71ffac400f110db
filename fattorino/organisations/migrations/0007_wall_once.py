from django.db import migrations

from fattorino.organisations.rls import WALL

# Where the tables of other rooms stand already; new ones are made with this wall.
RENEW = f"""
do $$ declare it record; begin
  for it in select tablename, qual like '%app_words%' as searched from pg_policies
    where schemaname = current_schema() and policyname = 'company_wall'
  loop
    execute format('alter policy company_wall on %I using ({WALL} %s) with check {WALL}', it.tablename,
      case when it.searched then 'and words @@ app_words()' else '' end);
  end loop;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("organisations", "0006_language")]
    operations = [migrations.RunSQL(RENEW, migrations.RunSQL.noop)]
