"""Whether a message really is SdI's: its XAdES holds, and SdI's own certificate made it.

The authority that issues SdI's certificate ("CA Agenzia delle Entrate") issues one to everybody who has an accredited
channel too (CN=SDI-<codice fiscale>, sdi.md 5.1): a chain that ends there proves an accredited subject, and only the
name "Sistema Interscambio ..." proves SdI. MT and EC carry no signature by law (MessaggiTypes 1.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fattorino.core.signatures import Signer, judge
from fattorino.core.texts import say
from fattorino.core.xades import read_xades

# "unproven": whole and in SdI's name, with no authority at hand that would prove the name.
Verdict = Literal["valid", "unproven", "foreign", "broken", "missing"]

_BOM = b"\xef\xbb\xbf"
_SIGNER = "Sistema Interscambio"
_AUTHORITY = "CA Agenzia delle Entrate"
_UNTRUSTED = frozenset({"00104", "00107"})


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Attributes:
        note: one Italian sentence: who signed, or what is wrong.
    """

    verdict: Verdict
    note: str


def origin_of(message: bytes, *, at: datetime, trusted: tuple[bytes, ...] = ()) -> Origin:
    """Who signed a message.

    Args:
        message: the XML itself (`ReadMessage.xml`), not the zip it came in.
        at: when it came, aware; counts only where the signature claims no time of its own. SdI's receipts are kept
            for years and handed over late: a certificate that has ended since proves what it signed before.
        trusted: DER certificates of the authorities to believe; () leaves the issuer unjudged.

    Raises:
        XmlError: not XML that we accept.
    """
    # What `read_message` tolerates in front of the declaration is no part of what was signed.
    signer = read_xades(message.removeprefix(_BOM).lstrip())
    if signer is None:
        return Origin("missing", say("Il messaggio non porta alcuna firma."))
    if not signer.valid:
        wrong = next(each for each in signer.findings if each.is_error)
        return Origin("broken", wrong.message)
    if not signer.name.startswith(_SIGNER):
        return Origin(
            "foreign",
            say("La firma è integra ma è di {name}, non del Sistema di Interscambio.", name=signer.name),
        )
    if not trusted:
        return _by_name_alone(signer)
    remarks = [
        each for each in judge(signer, at=_when(signer, at), trusted=trusted) if each.code in _UNTRUSTED
    ]
    if remarks:
        return Origin(
            "foreign",
            say(
                "La firma è integra e porta il nome {name}, ma il certificato non viene da un'autorità tra quelle "
                "impostate: {issuer}.",
                name=signer.name,
                issuer=signer.issuer,
            ),
        )
    return Origin("valid", say("Firmato da {name}.", name=signer.name))


def _by_name_alone(signer: Signer) -> Origin:
    if f"CN={_AUTHORITY}" not in signer.issuer:
        return Origin(
            "foreign",
            say("La firma è integra ma il certificato di {name} è di un'altra autorità: {issuer}.",
                name=signer.name, issuer=signer.issuer),
        )  # fmt: skip
    return Origin(
        "unproven",
        say(
            "La firma è integra e porta il nome {name}; l'autorità che lo garantisce non è impostata, quindi non è "
            "provata.",
            name=signer.name,
        ),
    )


def _when(signer: Signer, at: datetime) -> datetime:
    """The instant at which the certificate had to be valid."""
    claimed = signer.signing_time or at
    if signer.not_before is None or signer.not_after is None:
        return claimed
    return min(max(claimed, signer.not_before), signer.not_after)
