"""What customers are told of an invoice that could not be delivered: in Italian, like the invoice, whoever writes."""

from __future__ import annotations

SUBJECT = "Fattura {number} del {date} di {company}"
BODY = (
    "Gentile {customer},\n\n"
    "la fattura n. {number} del {date}, di {total}, è stata emessa e trasmessa al Sistema di Interscambio, che non ha "
    "potuto recapitarla. L'originale è a Sua disposizione nell'area riservata del sito dell'Agenzia delle Entrate, "
    "alla voce «Fatture e Corrispettivi».\n\n"
    "In allegato una copia leggibile della fattura.\n\n"
    "Cordiali saluti\n{company}\n"
)
BODY_PA = (
    "Spettabile {customer},\n\n"
    "la fattura n. {number} del {date}, di {total}, è stata trasmessa al Sistema di Interscambio, che non ha potuto "
    "recapitarla entro i termini e ha rilasciato l'attestazione di avvenuta trasmissione della fattura con "
    "impossibilità di recapito.\n\n"
    "Si allegano la fattura trasmessa, l'attestazione e una copia leggibile.\n\n"
    "Cordiali saluti\n{company}\n"
)
