"""The Digital Hub: the ways to SdI, what it took over, what it sent, what came back."""

from __future__ import annotations

from fattorino.hub.models.channels import Channel as Channel
from fattorino.hub.models.channels import ChannelUse as ChannelUse
from fattorino.hub.models.channels import Collected as Collected
from fattorino.hub.models.channels import Consignment as Consignment
from fattorino.hub.models.keys import SigningKey as SigningKey
from fattorino.hub.models.letters import CustomerLetter as CustomerLetter
from fattorino.hub.models.messages import Message as Message
from fattorino.hub.models.outcomes import OutcomeSent as OutcomeSent
from fattorino.hub.models.remote import RemoteChange as RemoteChange
from fattorino.hub.models.remote import RemoteEvent as RemoteEvent
from fattorino.hub.models.remote import RemoteFile as RemoteFile
from fattorino.hub.models.remote import ServedCompany as ServedCompany
from fattorino.hub.models.remote import Webhook as Webhook
from fattorino.hub.models.remote import WebhookDelivery as WebhookDelivery
from fattorino.hub.models.reports import DailyReport as DailyReport
from fattorino.hub.models.reports import ReportGap as ReportGap
from fattorino.hub.models.submissions import FileNameSeries as FileNameSeries
from fattorino.hub.models.submissions import Submission as Submission
from fattorino.hub.models.submissions import Transmission as Transmission
from fattorino.hub.models.terms import Term as Term
