import django.db.models.deletion
from django.db import migrations, models

from fattorino.organisations.rls import row_security

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


TRIGGERS = f"""
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

select set_config('app.companies', '*', true);
{_append(_rows("workflow_document", 1))}
select set_config('app.companies', '', true);
"""
UNDO = """
drop trigger count_inserted on workflow_document;
drop trigger count_deleted on workflow_document;
drop trigger count_updated on workflow_document;
drop function workflow_count_inserted();
drop function workflow_count_deleted();
drop function workflow_count_updated();
"""


def _counted() -> list[tuple[str, models.Field]]:
    names = ("n", "others", "taxable_cents", "tax_cents", "total_cents")
    return [(name, models.BigIntegerField()) for name in names]


def _key() -> list[tuple[str, models.Field]]:
    return [
        ("dashboard", models.CharField(blank=True, max_length=2)),
        ("kind", models.CharField(max_length=20)),
        ("state", models.CharField(blank=True, max_length=40)),
    ]


def _company(**options: bool) -> models.ForeignKey:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisations.company", **options
    )


def _id() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("organisations", "0003_api"), ("workflow", "0003_search_without_index")]
    operations = [
        migrations.CreateModel(
            "CountDelta",
            [
                ("id", _id()),
                ("company", _company(db_constraint=False)),
                *_key(),
                ("date", models.DateField()),
                *_counted(),
            ],
        ),
        migrations.CreateModel(
            "DocumentCount",
            [
                ("id", _id()),
                ("company", _company(db_index=False)),
                ("span", models.CharField(choices=[("D", "Day"), ("M", "Month")], max_length=1)),
                ("start", models.DateField()),
                *_key(),
                *_counted(),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("n", 0)), fields=["company"], name="document_count_empty"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("company", "span", "start", "dashboard", "kind", "state"),
                        name="document_count_key",
                    )
                ],
            },
        ),
        row_security("workflow_documentcount"),
        row_security("workflow_countdelta"),
        migrations.RunSQL(TRIGGERS, UNDO),
    ]
