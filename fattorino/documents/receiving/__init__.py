"""Invoices that others send to the company: kept before they are read, read by a job, never lost, never twice."""

from __future__ import annotations

from fattorino.documents.receiving.bringing import LIMIT as LIMIT
from fattorino.documents.receiving.bringing import bring as bring
from fattorino.documents.receiving.bringing import bring_files as bring_files
from fattorino.documents.receiving.late import complete_with as complete_with
from fattorino.documents.receiving.reading import read as read
from fattorino.documents.receiving.reading import set_aside as set_aside
from fattorino.documents.receiving.take import give_to as give_to
from fattorino.documents.receiving.take import read_again as read_again
from fattorino.documents.receiving.take import requeue_waiting as requeue_waiting
from fattorino.documents.receiving.take import take_invoice as take_invoice
