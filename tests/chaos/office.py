"""The people: a company of the tests, its invoices, and an operator who presses the button until it was pressed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import httpx

from fattorino import clock
from fattorino.config import demo
from fattorino.core.errors import ConflictError, RefusedError
from fattorino.core.fatturapa import write_fattura
from fattorino.core.fatturapa.build import build
from fattorino.core.fatturapa.draft import Draft, Line, Payment
from fattorino.documents import flows as documents
from fattorino.documents import importing, numbering
from fattorino.documents.files import cedente_of
from fattorino.documents.models import PassiveInvoice
from fattorino.documents.passive import answering
from fattorino.hub.flows import outcomes
from fattorino.hub.flows.keys import save_key
from fattorino.hub.models import OutcomeSent
from fattorino.hub.signing.test_ca import Holder, issue, make_ca
from fattorino.organisations.flows import save_company, save_user
from fattorino.organisations.queries import Actor
from fattorino.organisations.scope import company_scope
from fattorino.workflow import flows as workflow
from fattorino.workflow.flows.bulk import Order, start_run
from fattorino.workflow.models import Document, StateChange
from tests.chaos.suppliers import number_of

EMAIL = "laura@ordine.example"
_BODY = re.compile(rb"<FatturaElettronicaBody>.*?</FatturaElettronicaBody>", re.DOTALL)


@dataclass(frozen=True)
class Kind:
    """A recipient: where its invoices must end, and whether the operator corrects the address after a scarto."""

    code: str
    pa: bool
    ends: str
    corrected: str = ""


KINDS = (
    Kind("M5UXCR1", False, "CONSEGNATO"),
    Kind("ABC123", True, "ACCETTATO"),
    Kind("M5UXCR1", False, "CONSEGNATO"),
    Kind("ABC123", True, "ACCETTATO"),
    Kind("RIFIUT", True, "RIFIUTATO"),
    Kind("IGNOTO0", False, "CONSEGNATO", corrected="M5UXCR1"),
    Kind("IRRAGGI", False, "MANCATA_CONSEGNA"),
    Kind("SILENZ", True, "DECORSI_TERMINI"),
    Kind("NONATT", True, "SCARTATO_SDI"),
    Kind("IRRAGG", True, "NON_RECAPITABILE"),
)


class Office:
    """Everything the orderer does to the product as a person would."""

    def __init__(self, url: str, values: dict[str, Any] | None = None, email: str = EMAIL) -> None:
        now = clock.now()
        company = save_company(values or demo.ORDINE, now=now)
        with company_scope(company.pk):
            workflow.load_standard(company, now=now)
            numbering.load_standard(company.pk)
            holder = Holder("Laura", "Conti", "VRDLCU82D25L219V")
            save_key(company.pk, issue(make_ca(at=now), holder, "prova", at=now), "prova", now=now)
        user = save_user(email, demo.PASSWORD, "Laura Conti", {company.pk: "operator"}, now=now)
        self.company_id = company.pk
        self.actor = Actor("utente", "Laura Conti", company.pk, user.pk, "operator")
        self.code = company.id_codice
        self._company = company
        # Of each invoice; of the documents of a lotto the first, and beside it the others.
        self.kinds: dict[int, Kind] = {}
        self.lotti: dict[int, list[int]] = {}
        self.corrected: set[int] = set()
        self._http = httpx.Client(base_url=url, timeout=10, trust_env=False)

    def write(self, kind: Kind) -> int:
        """A new invoice; its id."""
        with company_scope(self.company_id):
            document = self._save(kind, kind.code)
        self.kinds[document.pk] = kind
        return document.pk

    def write_lotto(self, kind: Kind, bodies: int) -> list[int]:
        """A new file of another program with so many invoices; their ids, the one that stands for the file first."""
        number = len(self.lotti) + 1
        with company_scope(self.company_id):
            documents = self._import(kind, kind.code, number, bodies)
        self.kinds |= dict.fromkeys(documents, kind)
        self.lotti[documents[0]] = documents
        return documents

    def _import(self, kind: Kind, code: str, number: int, bodies: int) -> list[int]:
        files = [
            write_fattura(
                build(
                    replace(self._draft(kind, code), numero=f"L{number}/{place}"),
                    cedente=cedente_of(self._company),
                    trasmittente=("IT", self.code),
                    progressivo_invio="L1",
                )
            )
            for place in range(1, bodies + 1)
        ]
        whole = _BODY.sub(lambda _: b"".join(_BODY.findall(each)[0] for each in files), files[0], count=1)
        outcome = importing.take_at_once(self.actor, f"lotto{number}.xml", whole, now=clock.now())
        if not outcome["ok"]:
            raise RefusedError(outcome["message"], outcome["hint"])
        return sorted(outcome["documents"])

    def _save(self, kind: Kind, code: str, document_id: int | None = None, version: int = 0) -> Document:
        now = clock.now()
        options = {"document_id": document_id, "version": version} if document_id else {}
        return documents.save_document(
            self.actor, self._draft(kind, code), kind="fattura", now=now, today=clock.day(now), **options
        )

    def _draft(self, kind: Kind, code: str) -> Draft:
        line = Line("Corso di aggiornamento", Decimal(1), None, Decimal("350.00"), aliquota_iva=Decimal(22))
        return Draft(
            data=clock.day(clock.now()),
            cessionario=demo.COMUNE if kind.pa else demo.ROSSI,
            codice_destinatario=code,
            linee=(line,),
            condizioni_pagamento="TP02",
            pagamenti=(Payment(modalita_pagamento="MP05", iban=demo.IBAN),),
        )

    def press(self, document_id: int) -> bool:
        """The button without a browser; False if it was pressed already."""
        with company_scope(self.company_id):
            try:
                workflow.request_action(document_id, self.actor, now=clock.now())
            except ConflictError:
                return False
        return True

    def press_many(self, kinds: dict[int, Kind]) -> None:
        """An *invio massivo* for those of each dashboard."""
        for dashboard, pa in (("PA", True), ("PR", False)):
            ids = [document for document, kind in kinds.items() if kind.pa is pa]
            if ids:
                order = Order(dashboard, "DA_PROCESSARE", action="GENERA_XML_INVIA_HUB")
                with company_scope(self.company_id):
                    start_run(self.actor, order, [ids], now=clock.now())

    def sign_in(self) -> None:
        page = self._http.get("/accesso/login/")
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found, page.text[:500]
        words = {"csrfmiddlewaretoken": found[1], "login": EMAIL, "password": demo.PASSWORD}
        answer = self._http.post("/accesso/login/", data=words)
        assert answer.status_code == 302, answer.text[:500]

    def press_in_browser(self, document_id: int, action: str = "GENERA_XML_INVIA_HUB") -> None:
        """The button over HTTP. Raises httpx.HTTPError when the server dies meanwhile: nobody knows then."""
        answer = self._http.post(
            f"/entrate/{document_id}/azione/",
            data={"azione": action},
            headers={"X-CSRFToken": self._http.cookies["csrftoken"], "Referer": str(self._http.base_url)},
        )
        # 302 pressed; 4xx a refusal in words, because it had been pressed after all.
        if answer.status_code not in (302, 400, 409):
            raise AssertionError(f"the button answered {answer.status_code}: {answer.text[:300]}")

    def was_pressed(self, document_id: int) -> bool:
        with company_scope(self.company_id):
            return StateChange.objects.filter(document_id=document_id, outcome="started").exists()

    def tidy_up(self) -> int:
        """What an operator does who looks at the list: send again what failed, correct what SdI refused."""
        done = 0
        with company_scope(self.company_id):
            mine = Document.objects.filter(company_id=self.company_id)
            failed = list(mine.filter(state="ERRORE_INVIO").values_list("pk", flat=True))
            refused = list(mine.filter(state="SCARTATO_SDI").values_list("pk", "version"))
        for pk in failed:
            # What has moved on meanwhile the page refuses in words.
            with contextlib.suppress(RefusedError):
                done += self.press(pk)
        for pk, version in refused:
            kind = self.kinds[pk]
            leader = pk in self.lotti or not any(pk in of_file for of_file in self.lotti.values())
            if kind.corrected and leader and pk not in self.corrected and self._correct(pk, version):
                self.corrected.add(pk)
                self.press(pk)
                done += 1
        return done

    def _correct(self, document_id: int, version: int) -> bool:
        """Whether it could be; what has moved on meanwhile is looked at again next time."""
        kind = self.kinds[document_id]
        with company_scope(self.company_id), contextlib.suppress(ConflictError, RefusedError):
            if document_id in self.lotti:
                number = list(self.lotti).index(document_id) + 1
                self._import(kind, kind.corrected, number, len(self.lotti[document_id]))
            else:
                self._save(kind, kind.corrected, document_id, version)
            return True
        return False

    def answer(self, answers: Sequence[str]) -> int:
        """What a person does who looks at the received invoices: answer, answer anew what SdI refused, send again what
        was given up.

        Args:
            answers: to the supplier's first invoice, to its second ...
        """
        done = 0
        with company_scope(self.company_id):
            waiting = PassiveInvoice.objects.filter(
                company_id=self.company_id, document__state__in=("RICEVUTO_DA_ESITARE", "ESITO_SCARTATO")
            )
            names = list(waiting.order_by("pk").values_list("pk", "reception__name"))
            given_up = OutcomeSent.objects.filter(company_id=self.company_id, status="failed")
            outcome_ids = list(given_up.order_by("pk").values_list("pk", flat=True))
        for pk, name in names:
            esito = answers[number_of(name) - 1]
            why = {"cause": "cig_cup", "detail": "Il CIG non è nostro"} if esito == "EC02" else {}
            # Decided already and not sent yet, or moved on meanwhile: the page refuses in words.
            with company_scope(self.company_id), contextlib.suppress(RefusedError):
                answering.decide(self.actor, pk, esito, now=clock.now(), **why)
                done += 1
        for outcome_id in outcome_ids:
            with company_scope(self.company_id), contextlib.suppress(RefusedError):
                outcomes.retry(outcome_id, self.actor, now=clock.now())
                done += 1
        return done
