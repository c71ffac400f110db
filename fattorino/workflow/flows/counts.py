"""Rolling up the counts: what waited as changes becomes part of the rows by day and by month."""

from __future__ import annotations

from django.db import connection, transaction

# The class of the advisory lock of a company's roll-up (any constant of our own).
ROLLING_UP = 20827
# Changes taken in one transaction, so that none is long; what they say of a group need not come all at once.
AT_ONCE = 50_000

_TAKE = """
with taken as (
  delete from workflow_countdelta where id = any(array(
    select id from workflow_countdelta where company_id = %s order by id limit %s
  )) returning *
), grouped as (
  select company_id, span, start, dashboard, kind, state, sum(n) as n, sum(others) as others,
    sum(taxable_cents) as taxable, sum(tax_cents) as tax, sum(total_cents) as total
  from taken
  cross join lateral (values ('D', date), ('M', date_trunc('month', date)::date)) as spans (span, start)
  group by company_id, span, start, dashboard, kind, state
), added as (
  insert into workflow_documentcount as kept
    (company_id, span, start, dashboard, kind, state, n, others, taxable_cents, tax_cents, total_cents)
  select company_id, span, start, dashboard, kind, state, n, others, taxable, tax, total from grouped
  where n <> 0 or others <> 0 or taxable <> 0 or tax <> 0 or total <> 0
  order by company_id, span, start, dashboard, kind, state
  on conflict (company_id, span, start, dashboard, kind, state) do update set
    n = kept.n + excluded.n, others = kept.others + excluded.others,
    taxable_cents = kept.taxable_cents + excluded.taxable_cents,
    tax_cents = kept.tax_cents + excluded.tax_cents, total_cents = kept.total_cents + excluded.total_cents
  returning id, n = 0 and others = 0 and taxable_cents = 0 and tax_cents = 0 and total_cents = 0 as empty
)
select (select count(*) from taken), array(select id from added where empty)
"""
# Whole rows of zeros only: while changes are still waiting a group may owe amounts and no documents.
_FORGET_EMPTY = "delete from workflow_documentcount where id = any(%s) and company_id = %s"


def roll_up(company_id: int, at_once: int = AT_ONCE) -> int:
    """Take the oldest waiting changes of the company into its counts; how many were taken.

    Call inside the company's scope. One statement takes and adds, so being killed anywhere changes nothing; a second
    roll-up of the same company finds the first at work and takes nothing.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "select pg_try_advisory_xact_lock(%s, (%s & 2147483647)::int)", [ROLLING_UP, company_id]
        )
        if cursor.fetchone() != (True,):
            return 0
        cursor.execute(_TAKE, [company_id, at_once])
        row = cursor.fetchone()
        assert row is not None
        taken, empty = row
        if empty:
            cursor.execute(_FORGET_EMPTY, [empty, company_id])
        return int(taken)
