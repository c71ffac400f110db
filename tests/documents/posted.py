"""What a browser sends for a simple, right invoice."""

from __future__ import annotations


def posted(**fields: str) -> dict[str, str]:
    """With changes; a double underscore in a name stands for the dash."""
    base = {
        "tipo_documento": "TD01",
        "data": "2026-11-21",
        "esigibilita_iva": "I",
        "cessionario-genere": "privato",
        "cessionario-denominazione": "Rossi S.r.l.",
        "cessionario-id_codice": "01122334459",
        "cessionario-indirizzo": "Via Garibaldi",
        "cessionario-cap": "21013",
        "cessionario-comune": "Gallarate",
        "cessionario-provincia": "va",
        "codice_destinatario": "M5UXCR1",
        "linee-0-descrizione": "Corso",
        "linee-0-prezzo_unitario": "100",
        "linee-0-iva": "22",
    }
    return base | {name.replace("__", "-"): text for name, text in fields.items()}
