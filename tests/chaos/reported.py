"""What must be true afterwards of SdI's daily reports (SdIFtp): all that they name is here, or was settled."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from fattorino.hub.flows import daily_reports
from fattorino.hub.models import DailyReport, ReportGap
from fattorino.organisations.scope import system_scope
from tests.chaos.lines import Line


def violations(line: Line) -> list[str]:
    """Every promise that does not hold, in words. To be asked last: it looks as the product does an hour later."""
    if line.name != "sdiftp":
        return []
    daily_reports.look(now=datetime.datetime.now(datetime.UTC) + 2 * daily_reports.PATIENCE)
    with system_scope():
        return list(_violations(line.office.company_id))


def _violations(company_id: int) -> Iterator[str]:
    if not DailyReport.objects.filter(company_id=company_id, named__gt=0).exists():
        yield "no daily report came that names a support"
    for gap in ReportGap.objects.filter(company_id=company_id, closed_at=None).select_related("report"):
        yield f"{gap.report.name} says {gap.kind} of {gap.support}: {gap.row}"
