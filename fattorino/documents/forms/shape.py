"""The names of the document form's fields, and what a row of a group is."""

from __future__ import annotations

import dataclasses
import re

GROUPS: dict[str, tuple[str, ...]] = {
    "linee": (
        "descrizione",
        "quantita",
        "unita_misura",
        "prezzo_unitario",
        "sconti",
        "iva",
        "riferimento_normativo",
        "ritenuta",
        "data_inizio_periodo",
        "data_fine_periodo",
        "codice_tipo",
        "codice_valore",
        "tipo_cessione_prestazione",
        "riferimento_amministrazione",
    ),
    "casse": ("tipo_cassa", "al_cassa", "iva", "ritenuta", "imponibile", "riferimento_normativo"),
    "ritenute": ("tipo_ritenuta", "aliquota_ritenuta", "causale_pagamento", "percentuale_imponibile"),
    "pagamenti": (
        "modalita_pagamento",
        "data_scadenza_pagamento",
        "importo",
        "iban",
        "bic",
        "istituto_finanziario",
        "beneficiario",
        "codice_pagamento",
    ),
    "riferimenti": (
        "kind",
        "id_documento",
        "data",
        "num_item",
        "codice_commessa_convenzione",
        "codice_cup",
        "codice_cig",
        "riferimento_numero_linea",
    ),
    "allegati": ("nome", "formato", "descrizione", "sha256"),
}
PARTY = (
    "genere",
    "id_paese",
    "id_codice",
    "codice_fiscale",
    "denominazione",
    "nome",
    "cognome",
    "indirizzo",
    "numero_civico",
    "cap",
    "comune",
    "provincia",
    "nazione",
    "riferimento_amministrazione",
)
SINGLE = (
    "tipo_documento",
    "sezionale",
    "data",
    "causale",
    "sconti",
    "bollo",
    "bollo_importo",
    "bollo_addebitato",
    "esigibilita_iva",
    "condizioni_pagamento",
    "art73",
    "codice_ufficio",
    "codice_destinatario",
    "pec_destinatario",
    "versione",
    "modulo",
    "integra",
    "sezionale_ricevute",
)
# The longest value of each field of the party (FatturaPA 1.8, 1.4.1 and 1.4.2). The rules of the e-invoice do not
# judge a ricevuta, but its recipient is remembered for the next invoice.
LONGEST = {
    "id_paese": 2,
    "id_codice": 28,
    "codice_fiscale": 16,
    "denominazione": 80,
    "nome": 60,
    "cognome": 60,
    "indirizzo": 60,
    "numero_civico": 8,
    "cap": 5,
    "comune": 60,
    "provincia": 2,
    "nazione": 2,
    "riferimento_amministrazione": 20,
}
# A row in which only these are filled was never written in.
DEFAULTED = {"iva", "ritenuta", "kind", "percentuale_imponibile", "tipo_cessione_prestazione"}
ROW = re.compile(rf"({'|'.join(GROUPS)})-(\d{{1,5}})-(\w+)")


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row of a group, for the templates: `str(row)` is the beginning of its fields' names."""

    group: str
    key: str

    def __str__(self) -> str:
        return f"{self.group}-{self.key}"
