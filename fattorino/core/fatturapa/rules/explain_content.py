"""The codes on what an invoice says (00400 and above), in the words of an office."""

from __future__ import annotations

from fattorino.core.fatturapa.rules.explain_file import RESEND
from fattorino.core.texts import say, together

# code: (plain, remedy, field)
WORDS: dict[str, tuple[str, str, str]] = {
    "00400": (
        say("Una riga ha aliquota IVA zero ma non dice perché."),
        together(say("Scegliere la Natura della riga, oppure l'aliquota giusta."), RESEND),
        "linee.natura",
    ),
    "00401": (
        say("Una riga ha un'aliquota IVA e insieme una Natura, che vale solo con aliquota zero."),
        together(say("Togliere la Natura oppure mettere l'aliquota a zero."), RESEND),
        "linee.natura",
    ),
    "00403": (
        say("La data del documento è nel futuro rispetto al giorno dell'invio."),
        say("Correggere la data, oppure inviare da quel giorno in poi."),
        "data",
    ),
    "00404": (
        say("Una fattura con lo stesso numero e lo stesso anno era già stata inviata e non fu scartata."),
        say(
            "Controllare se è la stessa fattura: allora è già arrivata e non va inviata di nuovo. Se è un'altra,"
            " darle un altro numero."
        ),
        "numero",
    ),
    "00409": (
        say("Nello stesso file ci sono due documenti con lo stesso numero."),
        say("Dare a ogni documento un numero suo."),
        "numero",
    ),
    "00411": (
        say("Una riga è segnata come soggetta a ritenuta, ma la ritenuta manca."),
        together(
            say("Aggiungere la ritenuta con tipo, aliquota e causale, oppure togliere il segno dalla riga."),
            RESEND,
        ),
        "ritenute",
    ),
    "00413": (
        say("Il contributo alla cassa ha aliquota IVA zero ma non dice perché."),
        together(say("Scegliere la Natura della cassa, oppure l'aliquota giusta."), RESEND),
        "casse.natura",
    ),
    "00414": (
        say("Il contributo alla cassa ha un'aliquota IVA e insieme una Natura."),
        together(say("Togliere la Natura oppure mettere l'aliquota a zero."), RESEND),
        "casse.natura",
    ),
    "00415": (
        say("Il contributo alla cassa è soggetto a ritenuta, ma la ritenuta manca."),
        together(say("Aggiungere la ritenuta, oppure togliere il segno dalla cassa."), RESEND),
        "ritenute",
    ),
    "00417": (
        say("Del cliente mancano sia la partita IVA sia il codice fiscale."),
        together(say("Indicarne almeno uno."), RESEND),
        "cessionario.codice_fiscale",
    ),
    "00418": (
        say("La nota di credito ha una data precedente a quella della fattura che corregge."),
        together(say("Correggere la data della nota o quella della fattura collegata."), RESEND),
        "riferimenti.data",
    ),
    "00419": (
        say("Manca il riepilogo IVA di una delle aliquote usate nelle righe."),
        say(
            "Riaprire il documento e salvarlo: i riepiloghi si ricalcolano da sé. Per un file importato, correggerlo"
            " nel programma che lo ha prodotto."
        ),
        "linee.aliquota_iva",
    ),
    "00420": (
        say("L'inversione contabile (Natura N6) e la scissione dei pagamenti sono insieme, ma si escludono."),
        together(say("Togliere la scissione dei pagamenti, oppure correggere la Natura."), RESEND),
        "esigibilita_iva",
    ),
    "00421": (
        say(
            "L'imposta di un riepilogo non è quella che l'aliquota dà sull'imponibile (tolleranza un centesimo)."
        ),
        say(
            "Riaprire il documento e salvarlo: l'imposta si ricalcola. Per un file importato, correggerlo nel"
            " programma che lo ha prodotto."
        ),
        "linee.aliquota_iva",
    ),
    "00422": (
        say("L'imponibile di un riepilogo non è la somma delle righe e delle casse (tolleranza un euro)."),
        say(
            "Riaprire il documento e salvarlo: l'imponibile si ricalcola. Per un file importato, correggerlo nel"
            " programma che lo ha prodotto."
        ),
        "linee.prezzo_unitario",
    ),
    "00423": (
        say("Il totale di una riga non è prezzo, meno sconti, per quantità (tolleranza un centesimo)."),
        say(
            "Controllare prezzo, quantità e sconti della riga. Gli sconti valgono sul prezzo unitario, uno dopo"
            " l'altro."
        ),
        "linee.prezzo_unitario",
    ),
    "00424": (
        say("Un'aliquota IVA non è scritta in per cento: per esempio 0,22 invece di 22."),
        together(say("Scrivere l'aliquota in per cento."), RESEND),
        "linee.aliquota_iva",
    ),
    "00425": (
        say("Il numero del documento non contiene nessuna cifra."),
        together(say("Dare al documento un numero con almeno una cifra."), RESEND),
        "numero",
    ),
    "00427": (
        say(
            "La lunghezza del codice destinatario non va d'accordo con il tipo di cliente: 6 caratteri per la"
            " pubblica amministrazione, 7 per gli altri."
        ),
        together(say("Correggere il codice destinatario."), RESEND),
        "codice_destinatario",
    ),
    "00428": (
        say("Il formato scritto nel file e la sua versione non coincidono."),
        say("Preparare di nuovo il file; se è importato, correggerlo nel programma che lo ha prodotto."),
        "codice_destinatario",
    ),
    "00429": (
        say("Un riepilogo ad aliquota zero non dice la Natura."),
        together(say("Scegliere la Natura nelle righe ad aliquota zero."), RESEND),
        "linee.natura",
    ),
    "00430": (
        say("Un riepilogo con aliquota ha anche una Natura."),
        together(say("Togliere la Natura dalle righe con aliquota."), RESEND),
        "linee.natura",
    ),
    "00437": (
        say("Lo sconto sul totale del documento non ha né percentuale né importo."),
        together(say("Indicare uno dei due, oppure togliere lo sconto."), RESEND),
        "sconti",
    ),
    "00438": (
        say("Lo sconto di una riga non ha né percentuale né importo."),
        together(say("Indicare uno dei due, oppure togliere lo sconto."), RESEND),
        "linee.sconti",
    ),
    "00443": (
        say("Le aliquote delle righe e quelle dei riepiloghi non sono le stesse."),
        say(
            "Riaprire il documento e salvarlo: i riepiloghi si ricalcolano. Per un file importato, correggerlo nel"
            " programma che lo ha prodotto."
        ),
        "linee.aliquota_iva",
    ),
    "00444": (
        say("Le Nature delle righe e quelle dei riepiloghi non sono le stesse."),
        say(
            "Riaprire il documento e salvarlo: i riepiloghi si ricalcolano. Per un file importato, correggerlo nel"
            " programma che lo ha prodotto."
        ),
        "linee.natura",
    ),
    "00445": (
        say("Una Natura è generica (N2, N3 o N6): dal 2021 serve il codice di dettaglio."),
        together(say("Scegliere il dettaglio, per esempio N2.2 o N3.1."), RESEND),
        "linee.natura",
    ),
    "00459": (
        say("Il regime fiscale RF03 non esiste più."),
        together(say("Correggere il regime fiscale nelle impostazioni dell'azienda."), RESEND),
        "cedente.regime_fiscale",
    ),
    "00460": (
        say("Una fattura semplificata non può superare 400 euro."),
        say("Emettere una fattura ordinaria."),
        "linee",
    ),
    "00471": (
        say("Chi emette e il cliente sono la stessa persona, ma questo tipo di documento non lo ammette."),
        together(say("Correggere il cliente, oppure il tipo di documento."), RESEND),
        "tipo_documento",
    ),
    "00472": (
        say("Con questo tipo di documento chi emette e il cliente devono essere la stessa persona."),
        together(say("Correggere il cliente, oppure il tipo di documento."), RESEND),
        "tipo_documento",
    ),
    "00473": (
        say(
            "Il Paese di chi emette non va d'accordo con il tipo di documento: per gli acquisti dall'estero"
            " (TD17, TD18, TD19, TD28) chi emette è il fornitore estero, per TD29 è italiano."
        ),
        together(say("Correggere il tipo di documento, oppure il Paese del fornitore."), RESEND),
        "tipo_documento",
    ),
    "00474": (
        say("Nell'autofattura per splafonamento (TD21) nessuna riga può avere aliquota zero."),
        together(say("Indicare l'aliquota con cui l'IVA va versata."), RESEND),
        "linee.aliquota_iva",
    ),
    "00475": (
        say("Con questo tipo di documento il cliente deve avere la partita IVA."),
        together(say("Aggiungere la partita IVA del cliente."), RESEND),
        "cessionario.id_codice",
    ),
    "00476": (
        say("Né chi emette né il cliente è italiano."),
        together(
            say("Correggere il Paese di uno dei due: almeno uno deve avere una partita IVA italiana."),
            RESEND,
        ),
        "cessionario.id_paese",
    ),
    "00477": (
        say("La dichiarazione d'intento indicata in fattura è stata invalidata dall'Agenzia delle Entrate."),
        say("Chiedere al cliente una dichiarazione valida, oppure emettere la fattura con IVA."),
        "linee.natura",
    ),
}
