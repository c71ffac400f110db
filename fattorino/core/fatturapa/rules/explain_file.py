"""The codes on the file, its signature, its parties and their addresses, in the words of an office."""

from __future__ import annotations

from fattorino.core.texts import say, together

RESEND = say("Poi inviare di nuovo: numero e data restano gli stessi, il file prende un nome nuovo.")
_SIGN = say("Far controllare la chiave di firma dell'azienda all'amministratore, poi inviare di nuovo.")
_OFFICE = say("Cercare il codice giusto su indicepa.gov.it oppure chiederlo all'ente.")

# code: (plain, remedy, field)
WORDS: dict[str, tuple[str, str, str]] = {
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
        together(say("Correggere il campo indicato."), RESEND),
        "",
    ),
    "00201": (
        say("Il file ha più di 50 errori di formato, e gli altri non sono stati elencati."),
        say("Far controllare il programma che ha prodotto il file."),
        "",
    ),
    "00300": (
        say("Il codice fiscale di chi trasmette non risulta in Anagrafe Tributaria."),
        together(say("Correggere il codice di chi trasmette nelle impostazioni dell'azienda."), RESEND),
        "trasmittente.id_codice",
    ),
    "00301": (
        say("La partita IVA di chi emette la fattura non risulta in Anagrafe Tributaria, oppure è cessata."),
        together(say("Correggere la partita IVA nelle impostazioni dell'azienda."), RESEND),
        "cedente.id_codice",
    ),
    "00302": (
        say("Il codice fiscale di chi emette la fattura non risulta in Anagrafe Tributaria."),
        together(say("Correggere il codice fiscale nelle impostazioni dell'azienda."), RESEND),
        "cedente.codice_fiscale",
    ),
    "00303": (
        say("La partita IVA di un rappresentante fiscale non risulta in Anagrafe Tributaria."),
        together(say("Correggere la partita IVA del rappresentante fiscale."), RESEND),
        "cessionario.id_codice",
    ),
    "00304": (
        say("Il codice fiscale del rappresentante fiscale non risulta in Anagrafe Tributaria."),
        together(say("Correggere il codice fiscale del rappresentante fiscale."), RESEND),
        "cedente.codice_fiscale",
    ),
    "00305": (
        say(
            "La partita IVA del cliente non risulta in Anagrafe Tributaria: spesso è una cifra sbagliata, o"
            " un'attività cessata."
        ),
        together(say("Chiedere al cliente la partita IVA giusta e correggerla."), RESEND),
        "cessionario.id_codice",
    ),
    "00306": (
        say("Il codice fiscale del cliente non risulta in Anagrafe Tributaria."),
        together(say("Chiedere al cliente il codice fiscale giusto e correggerlo."), RESEND),
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
        together(say("Correggere i due codici nelle impostazioni dell'azienda."), RESEND),
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
        together(say("Controllare la partita IVA del fornitore e la data del documento."), RESEND),
        "cedente.id_codice",
    ),
    "00324": (
        say("La partita IVA e il codice fiscale del cliente sono di due soggetti diversi."),
        together(
            say(
                "Controllare i due codici con il cliente; se la partita IVA è giusta, il codice fiscale si può"
                " togliere."
            ),
            RESEND,
        ),
        "cessionario.codice_fiscale",
    ),
    "00325": (
        say("La partita IVA del cliente è di un gruppo IVA, ma il codice fiscale è di chi non ne fa parte."),
        together(
            say("Chiedere al cliente il codice fiscale della società del gruppo e correggerlo."), RESEND
        ),
        "cessionario.codice_fiscale",
    ),
    "00326": (
        say("La partita IVA del cliente è di un gruppo IVA: serve anche il codice fiscale della società."),
        together(say("Aggiungere il codice fiscale del cliente."), RESEND),
        "cessionario.codice_fiscale",
    ),
    "00327": (
        say(
            "Del cliente c'è solo il codice fiscale, ed è quello di un gruppo IVA invece che di una sua società."
        ),
        together(say("Indicare la partita IVA del gruppo e il codice fiscale della società."), RESEND),
        "cessionario.id_codice",
    ),
    "00330": (
        say("La PEC indicata è una casella del Sistema di Interscambio, non del cliente."),
        together(say("Indicare la PEC del cliente, oppure lasciarla vuota."), RESEND),
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
}
