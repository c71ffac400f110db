"""The form of the company's signing key: which kind, where it is, what opens it. A secret is never shown again."""

from __future__ import annotations

from collections.abc import Mapping

from fattorino.core.texts import say
from fattorino.hub.flows.key_places import KeyPlace
from fattorino.hub.models import SigningKey
from fattorino.organisations.languages import said
from fattorino.workflow.forms.state import Form

Kind = SigningKey.Kind
SHOWN = {
    Kind.PKCS12: (),
    Kind.PKCS11: ("library", "token", "key"),
    Kind.CSC: ("url", "oauth", "client_id", "credential"),
}
SECRET = {Kind.PKCS12: ("password",), Kind.PKCS11: ("pin",), Kind.CSC: ("client_secret", "pin")}
# One line of text; longer is no setting of anybody.
MOST = 300


class KeyForm(Form):
    """What was typed; secrets are kept apart, so that no page can show them."""

    def __init__(self, values: Mapping[str, str], secrets: Mapping[str, str] | None = None) -> None:
        super().__init__(values)
        self.secrets = dict(secrets or {})
        # Somebody ticked that a PIN which was refused has become the right one.
        self.again = False

    @classmethod
    def sent(cls, post: Mapping[str, str], kind: str) -> KeyForm:
        # A PIN may end in a blank; nothing else may.
        secrets = {name: post.get(name, "")[:MOST] for name in SECRET.get(Kind(kind), ())}
        values = {name: post.get(name, "").strip()[:MOST] for name in (*SHOWN[Kind(kind)], "form")}
        form = cls(values, secrets)
        form.again = post.get("again") == "1"
        return form

    @classmethod
    def of(cls, row: SigningKey | None) -> KeyForm:
        if row is None:
            return cls({"form": SigningKey.Form.CADES})
        return cls({**row.settings, "form": row.form})

    @property
    def form(self) -> str:
        """The form of the signature; an empty or foreign one becomes CAdES, which changes no content."""
        wanted = self.values.get("form", "")
        return wanted if wanted in SigningKey.Form.values else str(SigningKey.Form.CADES)

    def place(self, kind: str) -> KeyPlace:
        """Where the key is, of the two kinds that are elsewhere."""
        values = {name: self.values.get(name, "") for name in SHOWN[Kind(kind)]}
        return KeyPlace(kind, values, self.secrets)

    def refuse(self, fields: Mapping[str, str]) -> None:
        """Put what the flow found beside the fields."""
        self.errors = {name: said(text) for name, text in fields.items()}


FILE_NEEDED = say("Scegliere il file .p12 o .pfx.")
