"""Notices go out by e-mail, and old ones are tidied away."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from procrastinate.contrib.django import app

from fattorino import clock
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import notices
from fattorino.workflow.flows import notice_mails
from fattorino.workflow.flows import notices as flows
from fattorino.workflow.postman import BadAddress, NotNow, Postman, ServerDown

log = logging.getLogger(__name__)

AT_ONCE = 200
# Seconds after which a round leaves the rest to the next one, so that a slow server never holds the worker.
ROUND = 12.0


# By the clock and not by a job for each change: thousands of documents that move at once would queue thousands of
# jobs, and the rows wait in a table that survives everything anyway. The lock: never two at one letter.
@app.periodic(cron="* * * * * */5", periodic_id="mail_notices")
@app.task(name="workflow.mail_notices", lock="workflow.mail_notices", queueing_lock="workflow.mail_notices")
def mail_notices(timestamp: int) -> None:
    """Put into e-mails what waits, and hand over what is due."""
    if not settings.MAIL:
        return
    with system_scope():
        companies = notices.to_make()
    for company_id in companies:
        with company_scope(company_id):
            notice_mails.make_mails(company_id, now=clock.now())
    with system_scope():
        due = notices.due(clock.now(), AT_ONCE)
    if due:
        hand_over(due)


def hand_over(due: list[tuple[int, int]]) -> None:
    """Try each of these e-mails once; no transaction is open while the server is talked to."""
    begun = time.monotonic()
    with Postman() as postman:
        try:
            postman.connect()
            for company_id, mail_id in due:
                if time.monotonic() - begun > ROUND:
                    return
                _try(postman, company_id, mail_id)
        except ServerDown as error:
            log.warning("the mail server does not answer: %s", error)
            with system_scope():
                notice_mails.put_all_off(str(error), now=clock.now())


def _try(postman: Postman, company_id: int, mail_id: int) -> None:
    with company_scope(company_id):
        letter = notice_mails.claim(mail_id, company_id, now=clock.now())
    if letter is None:
        return
    try:
        postman.hand_over(letter)
    except (NotNow, ServerDown) as error:
        log.warning("mail %s was not taken: %s", mail_id, error)
        with company_scope(company_id):
            notice_mails.put_off(mail_id, company_id, str(error), now=clock.now())
        if isinstance(error, ServerDown):
            raise
    except BadAddress as error:
        log.warning("mail %s: the address was refused: %s", mail_id, error)
        with company_scope(company_id):
            notice_mails.refused(mail_id, company_id, str(error), now=clock.now())
    else:
        with company_scope(company_id):
            notice_mails.sent(mail_id, company_id, now=clock.now())


@app.periodic(cron="23 4 * * *", periodic_id="tidy_notices")
@app.task(name="workflow.tidy_notices", queueing_lock="workflow.tidy_notices")
def tidy_notices(timestamp: int) -> None:
    """Forget what was read more than a year ago."""
    left = 1
    while left:
        with system_scope():
            left = flows.tidy(now=clock.now())
