"""What a refusal of the remote signing service means (points 10.1 and 11.6 of the CSC API 1.0.4.0).

The code decides. A wrong PIN has one of its own, `invalid_pin`; a locked one comes as `invalid_request`, like a field
that is missing: only there, and where a service has codes of its own, the words are read.
"""

from __future__ import annotations

import re

from fattorino.core.errors import PinLockedError, PinRefusedError, SigningError
from fattorino.core.texts import say

_WRONG, _LOCKED = ("invalid_pin",), ("locked", "pin_locked", "locked_pin", "pin_expired", "expired_pin")
# These say all: words beside them about a PIN change nothing.
_OTHERS = ("invalid_otp", "invalid_token", "expired_token", "invalid_client")
_PIN, _OTP = re.compile(r"\bPIN\b", re.I), re.compile(r"\bOTP\b", re.I)
_BAD = r"(?:invalid|wrong|incorrect|bad)"
_BAD_AFTER = r"(?:invalid|wrong|incorrect|errat|sbagliat|no[nt] (?:valid|corre))\w*"
_SAYS_WRONG = re.compile(
    rf"\b{_BAD} PIN\b(?! (?:attempt|entr|tr))|\bPIN(?: \w+)? (?:is |è )?{_BAD_AFTER}\b", re.I
)
_SAYS_LOCKED = re.compile(r"lock|expire|suspend|blocc|scadut|sospes", re.I)


def about_pin(body: object) -> bool:
    """Whether the service refused because of the PIN, whatever it has against it."""
    code, words = _said(body)
    return code in (*_WRONG, *_LOCKED) or (code not in _OTHERS and bool(_PIN.search(words)))


def refusal(status: int, body: object, *, with_pin: bool) -> SigningError:
    """The error to raise. `with_pin`: the request carried the PIN, so one that is not understood and speaks of it is
    not asked a second time by itself either."""
    code, words = _said(body)
    shown = words[:200] or code or f"HTTP {status}"
    told = say("Il servizio di firma remota ha rifiutato la richiesta: {reason}", reason=shown)
    if about_pin(body) and (with_pin or code in (*_WRONG, *_LOCKED)):
        if code in _WRONG or (code not in _LOCKED and _SAYS_WRONG.search(words)):
            return PinRefusedError(
                say("Il PIN della firma remota è sbagliato."),
                say(
                    "Correggerlo nella pagina della firma: dopo troppi tentativi il prestatore blocca il certificato."
                ),
            )
        if code in _LOCKED or _SAYS_LOCKED.search(words):
            told = say("Il PIN della firma remota è bloccato o scaduto.")
        return PinLockedError(
            told, say("Rimediare presso il prestatore, poi salvarlo di nuovo nella pagina della firma.")
        )
    if code == "invalid_otp" or (code not in _OTHERS and _OTP.search(words)):
        return SigningError(
            say("Questa firma remota chiede una password temporanea (OTP)."),
            say("Per firmare senza presidio serve un certificato di firma automatica."),
        )
    if code == "access_denied":
        return SigningError(
            say("Il servizio di firma remota non permette questa operazione."),
            say("Rivolgersi al prestatore del servizio."),
        )
    return SigningError(told)


def _said(body: object) -> tuple[str, str]:
    if not isinstance(body, dict):
        return "", ""
    return str(body.get("error", "")).lower(), " ".join(str(body.get("error_description", "")).split())
