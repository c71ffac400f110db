"""Every code of SdI in the words of an office: what happened, what to do, which field to correct."""

from __future__ import annotations

from dataclasses import dataclass

from fattorino.core.fatturapa.rules.table import CONTROLS
from fattorino.core.texts import say, together


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code explained.

    Attributes:
        official_text: as SdI's documents have it; "" for a code that we do not know.
        plain: what it means, in plain Italian.
        remedy: what to do.
        field: the field of Draft or Party to correct, without row index ("linee.aliquota_iva",
            "cessionario.id_codice"); "cedente..." is in the settings of the company; "" when there is none.
    """

    code: str
    official_text: str
    plain: str
    remedy: str
    field: str


_RESEND = say("Poi inviare di nuovo: numero e data restano gli stessi, il file prende un nome nuovo.")
_SIGN = say("Far controllare la chiave di firma dell'azienda all'amministratore, poi inviare di nuovo.")
_OFFICE = say("Cercare il codice giusto su indicepa.gov.it oppure chiederlo all'ente.")

# code: (plain, remedy, field)
_WORDS: dict[str, tuple[str, str, str]] = {
    "00001": (
        say("Il nome del file non ha la forma che il Sistema di Interscambio richiede."),
        say(
            "Inviare di nuovo: il nome giusto viene dato da sé. Per un file importato, rinominarlo come"
            " IT + codice fiscale di chi trasmette + _ + progressivo."
        ),
        "",
    ),
    "00002": (
        say("Un file con lo stesso nome era già stato inviato, anche se fu scartato."),
        say("Inviare di nuovo: il file prende un nome nuovo, la fattura resta la stessa."),
        "",
    ),
    "00003": (
        say("Il file supera i 5 MB."),
        say("Togliere un allegato, o ridurlo, e inviare di nuovo."),
        "allegati",
    ),
    "00100": (say("Il certificato con cui la fattura è firmata è scaduto."), _SIGN, ""),
    "00101": (say("Il certificato con cui la fattura è firmata è stato revocato o sospeso."), _SIGN, ""),
    "00102": (
        say(
            "La firma digitale manca o non corrisponde al file. Le fatture alla pubblica amministrazione devono"
            " essere firmate."
        ),
        say("Firmare e inviare di nuovo. Un file importato va rifirmato da chi lo ha prodotto."),
        "",
    ),
    "00103": (
        say("Nella firma manca l'ora in cui è stata fatta."),
        say("Firmare di nuovo il file e inviarlo."),
        "",
    ),
    "00104": (
        say("Il certificato di firma è di un ente che il Sistema di Interscambio non riconosce."),
        _SIGN,
        "",
    ),
    "00105": (
        say("L'ora scritta nella firma è successiva a quella di ricezione."),
        say("Far controllare l'orologio del computer che firma, poi firmare e inviare di nuovo."),
        "",
    ),
    "00106": (say("Il file è vuoto o non si apre."), say("Preparare di nuovo il file e inviarlo."), ""),
    "00107": (say("Il certificato di firma non è valido."), _SIGN, ""),
    "00200": (
        say(
            "Il file non rispetta il tracciato: un campo manca, è troppo lungo o contiene un valore o un carattere"
            " non ammesso. La descrizione dello scarto dice quale."
        ),
        together(say("Correggere il campo indicato."), _RESEND),
        "",
    ),
    "00201": (
        say("Il file ha più di 50 errori di formato, e gli altri non sono stati elencati."),
        say("Far controllare il programma che ha prodotto il file."),
        "",
    ),
    "00300": (
        say("Il codice fiscale di chi trasmette non risulta in Anagrafe Tributaria."),
        together(say("Correggere il codice di chi trasmette nelle impostazioni dell'azienda."), _RESEND),
        "trasmittente.id_codice",
    ),
    "00301": (
        say("La partita IVA di chi emette la fattura non risulta in Anagrafe Tributaria, oppure è cessata."),
        together(say("Correggere la partita IVA nelle impostazioni dell'azienda."), _RESEND),
        "cedente.id_codice",
    ),
    "00302": (
        say("Il codice fiscale di chi emette la fattura non risulta in Anagrafe Tributaria."),
        together(say("Correggere il codice fiscale nelle impostazioni dell'azienda."), _RESEND),
        "cedente.codice_fiscale",
    ),
    "00303": (
        say("La partita IVA di un rappresentante fiscale non risulta in Anagrafe Tributaria."),
        together(say("Correggere la partita IVA del rappresentante fiscale."), _RESEND),
        "cessionario.id_codice",
    ),
    "00304": (
        say("Il codice fiscale del rappresentante fiscale non risulta in Anagrafe Tributaria."),
        together(say("Correggere il codice fiscale del rappresentante fiscale."), _RESEND),
        "cedente.codice_fiscale",
    ),
    "00305": (
        say(
            "La partita IVA del cliente non risulta in Anagrafe Tributaria: spesso è una cifra sbagliata, o"
            " un'attività cessata."
        ),
        together(say("Chiedere al cliente la partita IVA giusta e correggerla."), _RESEND),
        "cessionario.id_codice",
    ),
    "00306": (
        say("Il codice fiscale del cliente non risulta in Anagrafe Tributaria."),
        together(say("Chiedere al cliente il codice fiscale giusto e correggerlo."), _RESEND),
        "cessionario.codice_fiscale",
    ),
    "00311": (
        say(
            "Il codice destinatario non esiste: non è in IPA (6 caratteri) e non è di nessun canale (7 caratteri)."
        ),
        say(
            "A una pubblica amministrazione: cercare il codice ufficio di 6 caratteri su indicepa.gov.it oppure"
            " chiederlo all'ente. A un privato: chiedere al cliente il suo codice di 7 caratteri,"
            " oppure lasciare vuoto il campo."
        ),
        "codice_destinatario",
    ),
    "00312": (
        say("Il codice destinatario esiste, ma ora non è attivo."),
        say(
            "A una pubblica amministrazione: cercare il codice ufficio di 6 caratteri su indicepa.gov.it oppure"
            " chiederlo all'ente. A un privato: chiedere al cliente un codice attivo o la PEC,"
            " oppure lasciare vuoto il campo."
        ),
        "codice_destinatario",
    ),
    "00313": (
        say(
            "Il codice XXXXXXX è riservato ai clienti esteri, ma il cliente non ha un identificativo IVA estero."
        ),
        say("Indicare Paese e identificativo IVA estero del cliente; se è italiano, togliere XXXXXXX."),
        "cessionario.id_paese",
    ),
    "00320": (
        say("La partita IVA e il codice fiscale di chi emette la fattura sono di due soggetti diversi."),
        together(say("Correggere i due codici nelle impostazioni dell'azienda."), _RESEND),
        "cedente.codice_fiscale",
    ),
    "00321": (
        say(
            "La partita IVA di chi emette è di un gruppo IVA, ma il codice fiscale è di chi non ne fa parte."
        ),
        say("Indicare il codice fiscale del partecipante al gruppo, nelle impostazioni dell'azienda."),
        "cedente.codice_fiscale",
    ),
    "00322": (
        say(
            "La partita IVA di chi emette è di un gruppo IVA: serve anche il codice fiscale del partecipante."
        ),
        say("Aggiungere il codice fiscale nelle impostazioni dell'azienda."),
        "cedente.codice_fiscale",
    ),
    "00323": (
        say("La partita IVA del fornitore è cessata da più di 5 anni."),
        together(say("Controllare la partita IVA del fornitore e la data del documento."), _RESEND),
        "cedente.id_codice",
    ),
    "00324": (
        say("La partita IVA e il codice fiscale del cliente sono di due soggetti diversi."),
        together(
            say(
                "Controllare i due codici con il cliente; se la partita IVA è giusta, il codice fiscale si può"
                " togliere."
            ),
            _RESEND,
        ),
        "cessionario.codice_fiscale",
    ),
    "00325": (
        say("La partita IVA del cliente è di un gruppo IVA, ma il codice fiscale è di chi non ne fa parte."),
        together(
            say("Chiedere al cliente il codice fiscale della società del gruppo e correggerlo."), _RESEND
        ),
        "cessionario.codice_fiscale",
    ),
    "00326": (
        say("La partita IVA del cliente è di un gruppo IVA: serve anche il codice fiscale della società."),
        together(say("Aggiungere il codice fiscale del cliente."), _RESEND),
        "cessionario.codice_fiscale",
    ),
    "00327": (
        say(
            "Del cliente c'è solo il codice fiscale, ed è quello di un gruppo IVA invece che di una sua società."
        ),
        together(say("Indicare la partita IVA del gruppo e il codice fiscale della società."), _RESEND),
        "cessionario.id_codice",
    ),
    "00330": (
        say("La PEC indicata è una casella del Sistema di Interscambio, non del cliente."),
        together(say("Indicare la PEC del cliente, oppure lasciarla vuota."), _RESEND),
        "pec_destinatario",
    ),
    "00398": (
        say(
            "Si è usato il codice «Centrale» dell'ente, che invece in IPA ha un ufficio preciso per le fatture."
        ),
        together(say("Usare il codice di quell'ufficio."), _OFFICE),
        "codice_destinatario",
    ),
    "00399": (
        say(
            "Il cliente è una pubblica amministrazione iscritta in IPA, ma la fattura è nel formato per i privati."
        ),
        together(say("Indicare il codice ufficio di 6 caratteri dell'ente."), _OFFICE),
        "codice_destinatario",
    ),
    "00400": (
        say("Una riga ha aliquota IVA zero ma non dice perché."),
        together(say("Scegliere la Natura della riga, oppure l'aliquota giusta."), _RESEND),
        "linee.natura",
    ),
    "00401": (
        say("Una riga ha un'aliquota IVA e insieme una Natura, che vale solo con aliquota zero."),
        together(say("Togliere la Natura oppure mettere l'aliquota a zero."), _RESEND),
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
            _RESEND,
        ),
        "ritenute",
    ),
    "00413": (
        say("Il contributo alla cassa ha aliquota IVA zero ma non dice perché."),
        together(say("Scegliere la Natura della cassa, oppure l'aliquota giusta."), _RESEND),
        "casse.natura",
    ),
    "00414": (
        say("Il contributo alla cassa ha un'aliquota IVA e insieme una Natura."),
        together(say("Togliere la Natura oppure mettere l'aliquota a zero."), _RESEND),
        "casse.natura",
    ),
    "00415": (
        say("Il contributo alla cassa è soggetto a ritenuta, ma la ritenuta manca."),
        together(say("Aggiungere la ritenuta, oppure togliere il segno dalla cassa."), _RESEND),
        "ritenute",
    ),
    "00417": (
        say("Del cliente mancano sia la partita IVA sia il codice fiscale."),
        together(say("Indicarne almeno uno."), _RESEND),
        "cessionario.codice_fiscale",
    ),
    "00418": (
        say("La nota di credito ha una data precedente a quella della fattura che corregge."),
        together(say("Correggere la data della nota o quella della fattura collegata."), _RESEND),
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
        together(say("Togliere la scissione dei pagamenti, oppure correggere la Natura."), _RESEND),
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
        together(say("Scrivere l'aliquota in per cento."), _RESEND),
        "linee.aliquota_iva",
    ),
    "00425": (
        say("Il numero del documento non contiene nessuna cifra."),
        together(say("Dare al documento un numero con almeno una cifra."), _RESEND),
        "numero",
    ),
    "00427": (
        say(
            "La lunghezza del codice destinatario non va d'accordo con il tipo di cliente: 6 caratteri per la"
            " pubblica amministrazione, 7 per gli altri."
        ),
        together(say("Correggere il codice destinatario."), _RESEND),
        "codice_destinatario",
    ),
    "00428": (
        say("Il formato scritto nel file e la sua versione non coincidono."),
        say("Preparare di nuovo il file; se è importato, correggerlo nel programma che lo ha prodotto."),
        "codice_destinatario",
    ),
    "00429": (
        say("Un riepilogo ad aliquota zero non dice la Natura."),
        together(say("Scegliere la Natura nelle righe ad aliquota zero."), _RESEND),
        "linee.natura",
    ),
    "00430": (
        say("Un riepilogo con aliquota ha anche una Natura."),
        together(say("Togliere la Natura dalle righe con aliquota."), _RESEND),
        "linee.natura",
    ),
    "00437": (
        say("Lo sconto sul totale del documento non ha né percentuale né importo."),
        together(say("Indicare uno dei due, oppure togliere lo sconto."), _RESEND),
        "sconti",
    ),
    "00438": (
        say("Lo sconto di una riga non ha né percentuale né importo."),
        together(say("Indicare uno dei due, oppure togliere lo sconto."), _RESEND),
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
        together(say("Scegliere il dettaglio, per esempio N2.2 o N3.1."), _RESEND),
        "linee.natura",
    ),
    "00459": (
        say("Il regime fiscale RF03 non esiste più."),
        together(say("Correggere il regime fiscale nelle impostazioni dell'azienda."), _RESEND),
        "cedente.regime_fiscale",
    ),
    "00460": (
        say("Una fattura semplificata non può superare 400 euro."),
        say("Emettere una fattura ordinaria."),
        "linee",
    ),
    "00471": (
        say("Chi emette e il cliente sono la stessa persona, ma questo tipo di documento non lo ammette."),
        together(say("Correggere il cliente, oppure il tipo di documento."), _RESEND),
        "tipo_documento",
    ),
    "00472": (
        say("Con questo tipo di documento chi emette e il cliente devono essere la stessa persona."),
        together(say("Correggere il cliente, oppure il tipo di documento."), _RESEND),
        "tipo_documento",
    ),
    "00473": (
        say(
            "Il Paese di chi emette non va d'accordo con il tipo di documento: per gli acquisti dall'estero"
            " (TD17, TD18, TD19, TD28) chi emette è il fornitore estero, per TD29 è italiano."
        ),
        together(say("Correggere il tipo di documento, oppure il Paese del fornitore."), _RESEND),
        "tipo_documento",
    ),
    "00474": (
        say("Nell'autofattura per splafonamento (TD21) nessuna riga può avere aliquota zero."),
        together(say("Indicare l'aliquota con cui l'IVA va versata."), _RESEND),
        "linee.aliquota_iva",
    ),
    "00475": (
        say("Con questo tipo di documento il cliente deve avere la partita IVA."),
        together(say("Aggiungere la partita IVA del cliente."), _RESEND),
        "cessionario.id_codice",
    ),
    "00476": (
        say("Né chi emette né il cliente è italiano."),
        together(
            say("Correggere il Paese di uno dei due: almeno uno deve avere una partita IVA italiana."),
            _RESEND,
        ),
        "cessionario.id_paese",
    ),
    "00477": (
        say("La dichiarazione d'intento indicata in fattura è stata invalidata dall'Agenzia delle Entrate."),
        say("Chiedere al cliente una dichiarazione valida, oppure emettere la fattura con IVA."),
        "linee.natura",
    ),
}


def explain(code: str) -> Explanation:
    """A code in plain Italian. A code that is not in our list comes back with a word on what to do all the same."""
    control, words = CONTROLS.get(code), _WORDS.get(code)
    if control is None or words is None:
        return Explanation(
            code,
            "",
            say(
                "Il Sistema di Interscambio ha risposto con il codice {code}, che qui non è descritto.",
                code=code,
            ),
            say("Leggere la descrizione che accompagna lo scarto; se non basta, chiedere assistenza."),
            "",
        )
    return Explanation(code, control.text, *words)


EXPLAINED = frozenset(_WORDS)
