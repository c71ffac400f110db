"""Background jobs of the PA buyer's answers: sending them, and watching over their term."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from fattorino import clock
from fattorino.core.errors import ChannelError, FattorinoError
from fattorino.documents.passive import answering
from fattorino.documents.passive.queries import answering_states
from fattorino.hub.channels.base import Accepted, Outgoing, Refused
from fattorino.hub.flows import channels, outcome_parcels, outcome_steps, outcomes
from fattorino.hub.models import Channel
from fattorino.organisations.scope import company_scope, system_scope
from fattorino.workflow import queue

# The database went away: nothing was decided, so the same job is simply done again.
AGAIN = RetryStrategy(
    max_attempts=10, exponential_wait=2, retry_exceptions={OperationalError, InterfaceError}
)


@app.task(name="hub.send_outcome", retry=AGAIN)
def send_outcome(company_id: int, outcome_id: int) -> None:
    """Offer an EC to SdI. No transaction is open while the network is used."""
    with company_scope(company_id):
        begun = outcomes.begin(outcome_id, company_id, now=clock.now())
    if begun is None:
        return
    channel, file = begun
    try:
        answer = _given(outcome_id, channel, file)
    except ChannelError as error:
        with company_scope(company_id):
            outcomes.failed(outcome_id, company_id, error, now=clock.now())
        return
    with company_scope(company_id):
        if isinstance(answer, Refused):
            outcomes.refused(outcome_id, company_id, answer, now=clock.now())
        elif answer is not None:
            outcomes.accepted(outcome_id, company_id, answer, now=clock.now())


def _given(outcome_id: int, channel: Channel, file: Outgoing) -> Accepted | Refused | None:
    """What the way answers; None where the file travels in something that is given away later."""
    try:
        port = channels.port(channel)
    except FattorinoError as error:
        # The way could not even be set up: nothing was sent.
        raise ChannelError(error.message, error.hint, uncertain=False, permanent=True) from error
    if not port.most:
        return port.send(file)
    with company_scope(channel.company_id):
        outcome_parcels.seal(outcome_id, channel, file, now=clock.now())
    return None


@app.periodic(cron="* * * * *", periodic_id="answers")
@app.task(name="hub.answers", queueing_lock="hub.answers")
def answers(timestamp: int) -> None:
    """Put back what waits without a job, and warn of terms that are near."""
    now = clock.now()
    with system_scope():
        waiting, near = outcome_steps.due(now=now), answering.due_warnings(now=now)
    for company_id, outcome_id in waiting:
        _once(company_id, outcome_id)
    for company_id, document_id in near:
        with company_scope(company_id):
            answering.warn(document_id, company_id, answering_states(company_id), now=now)


def _once(company_id: int, outcome_id: int) -> None:
    lock = f"outcome:{outcome_id}"
    try:
        with transaction.atomic():
            queue.defer(
                send_outcome,
                lock=lock,
                queueing_lock=f"sweep:{lock}",
                company_id=company_id,
                outcome_id=outcome_id,
            )
    except AlreadyEnqueued:
        return
