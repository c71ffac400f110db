"""The invoice desk: what documents consist of, active and passive, their files, what they are found by."""

from __future__ import annotations

from fattorino.documents.models.active import Counterpart as Counterpart
from fattorino.documents.models.active import Invoice as Invoice
from fattorino.documents.models.active import NumberSeries as NumberSeries
from fattorino.documents.models.active import Sezionale as Sezionale
from fattorino.documents.models.files import DocumentFile as DocumentFile
from fattorino.documents.models.files import ImportedFile as ImportedFile
from fattorino.documents.models.files import StoredFile as StoredFile
from fattorino.documents.models.finding import PreservationData as PreservationData
from fattorino.documents.models.finding import SearchEntry as SearchEntry
from fattorino.documents.models.finding import SearchWord as SearchWord
from fattorino.documents.models.passive import BroughtFile as BroughtFile
from fattorino.documents.models.passive import Decision as Decision
from fattorino.documents.models.passive import FolderFile as FolderFile
from fattorino.documents.models.passive import PassiveInvoice as PassiveInvoice
from fattorino.documents.models.passive import Posting as Posting
from fattorino.documents.models.passive import Reception as Reception
from fattorino.documents.models.passive import Supplier as Supplier
from fattorino.documents.models.passive import WatchedFolder as WatchedFolder
