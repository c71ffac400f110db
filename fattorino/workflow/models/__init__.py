"""The rows of this room. Only its own flows write them."""

from __future__ import annotations

from fattorino.workflow.models.bulk import BulkItem as BulkItem
from fattorino.workflow.models.bulk import BulkRun as BulkRun
from fattorino.workflow.models.configuration import GadgetPreference as GadgetPreference
from fattorino.workflow.models.configuration import StateImage as StateImage
from fattorino.workflow.models.configuration import StateLook as StateLook
from fattorino.workflow.models.configuration import WorkflowDraft as WorkflowDraft
from fattorino.workflow.models.configuration import WorkflowVersion as WorkflowVersion
from fattorino.workflow.models.documents import CountDelta as CountDelta
from fattorino.workflow.models.documents import Document as Document
from fattorino.workflow.models.documents import DocumentCount as DocumentCount
from fattorino.workflow.models.documents import OutcomeSeen as OutcomeSeen
from fattorino.workflow.models.documents import PendingAction as PendingAction
from fattorino.workflow.models.documents import StateChange as StateChange
from fattorino.workflow.models.notices import Bulletin as Bulletin
from fattorino.workflow.models.notices import Notice as Notice
from fattorino.workflow.models.notices import NoticeMail as NoticeMail
from fattorino.workflow.models.notices import NoticePreference as NoticePreference
