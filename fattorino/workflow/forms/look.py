"""The form of a state's *Impostazioni comuni*."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fattorino.core.colours import is_colour
from fattorino.workflow.flows.looks import Look
from fattorino.workflow.forms.state import Form

# Symbols of the design system's sprite that can stand for a state, with what a screen reader says.
ICONS = (
    ("it-pencil", gettext_lazy("matita")),
    ("it-clock", gettext_lazy("orologio")),
    ("it-check-circle", gettext_lazy("spunta in un cerchio")),
    ("it-check", gettext_lazy("spunta")),
    ("it-close-circle", gettext_lazy("croce in un cerchio")),
    ("it-error", gettext_lazy("errore")),
    ("it-warning-circle", gettext_lazy("attenzione")),
    ("it-ban", gettext_lazy("divieto")),
    ("it-info-circle", gettext_lazy("informazione")),
    ("it-help-circle", gettext_lazy("domanda")),
    ("it-flag", gettext_lazy("bandiera")),
    ("it-star-outline", gettext_lazy("stella")),
    ("it-bookmark", gettext_lazy("segnalibro")),
    ("it-file", gettext_lazy("foglio")),
    ("it-files", gettext_lazy("fogli")),
    ("it-file-xml", gettext_lazy("file XML")),
    ("it-file-signed", gettext_lazy("file firmato")),
    ("it-note", gettext_lazy("nota")),
    ("it-folder", gettext_lazy("cartella")),
    ("it-inbox", gettext_lazy("posta in arrivo")),
    ("it-mail", gettext_lazy("busta")),
    ("it-mail-open", gettext_lazy("busta aperta")),
    ("it-box", gettext_lazy("scatola")),
    ("it-upload", gettext_lazy("caricamento")),
    ("it-download", gettext_lazy("scaricamento")),
    ("it-share", gettext_lazy("invio")),
    ("it-exchange-circle", gettext_lazy("scambio")),
    ("it-refresh", gettext_lazy("aggiornamento")),
    ("it-restore", gettext_lazy("ripristino")),
    ("it-delete", gettext_lazy("cestino")),
    ("it-lock", gettext_lazy("lucchetto")),
    ("it-key", gettext_lazy("chiave")),
    ("it-user", gettext_lazy("persona")),
    ("it-pa", gettext_lazy("pubblica amministrazione")),
    ("it-calendar", gettext_lazy("calendario")),
    ("it-card", gettext_lazy("carta")),
    ("it-chart-line", gettext_lazy("grafico")),
    ("it-settings", gettext_lazy("ingranaggio")),
    ("it-tool", gettext_lazy("attrezzo")),
    ("it-horn", gettext_lazy("megafono")),
)
_NAMES = frozenset(name for name, _label in ICONS)
_TEXTS = ("label", "tab", "gadget_label", "tooltip")


class LookForm(Form):
    """Texts by the names of `Look`; a picture that was uploaded is carried along by its digest."""

    @classmethod
    def of(cls, look: Look) -> LookForm:
        values = {name: str(getattr(look, name)) for name in Look.__slots__}
        return cls(values | {"image": "upload" if look.image_sha256 else "icon"})

    @classmethod
    def empty(cls, order: int) -> LookForm:
        return cls.of(Look("", "", "", order, icon="it-file"))

    def read(self, old: Look | None) -> Look:
        """What was sent; what is no number or no symbol is told in `errors`, the rest is judged by the flow."""
        order = self.values.get("order", "").strip()
        number = (
            int(order) if order.removeprefix("-").isdecimal() and order.isascii() and len(order) < 9 else None
        )
        if number is None:
            self.errors["order"] = _("Serve un numero intero: i gadget si ordinano dal più piccolo.")
        icon = self.values.get("icon", "")
        if icon and icon not in _NAMES and (old is None or icon != old.icon):
            self.errors["icon"] = _("Scegliere un simbolo dell'elenco.")
        colour = self.values.get("colour", "").lower()
        wants_picture = self.values.get("image") == "upload"
        if wants_picture and not self.values.get("image_sha256"):
            self.errors.setdefault("immagine", _("Scegliere il file dell'immagine, oppure un simbolo."))
        return Look(
            code=old.code if old else self.values.get("code", "").strip().upper(),
            order=number or 0,
            icon=icon,
            image_sha256=self.values.get("image_sha256", "") if wants_picture else "",
            colour=colour if is_colour(colour) else self.values.get("colour", ""),
            **{name: self.values.get(name, "").strip() for name in _TEXTS},
        )
