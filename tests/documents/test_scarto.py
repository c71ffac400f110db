from __future__ import annotations

from fattorino.core.fatturapa.draft import Draft, Line
from fattorino.documents.scarto import tell


def test_the_path_of_a_finding_knows_the_line() -> None:
    path = "/FatturaElettronicaBody[1]/DatiBeniServizi/DettaglioLinee[2]/Natura"
    told = tell(
        [{"code": "00400", "path": path, "message": "Manca la Natura"}], Draft(linee=(Line(), Line()))
    )
    assert told[0].field == "linee.1.natura"


def test_without_a_path_the_code_leads_to_its_field() -> None:
    told = tell([{"code": "00311", "message": "Codice destinatario non valido"}])
    assert told[0].field == "codice_destinatario"
    assert told[0].meaning and told[0].remedy


def test_what_is_said_twice_is_told_once_and_remarks_are_no_errors() -> None:
    one = {"code": "00305", "message": "P.IVA non valida"}
    remark = {"code": "avviso-cig", "severity": "warning", "message": "Manca il CIG", "hint": "Aggiungerlo."}
    told = tell([one, one, remark])
    assert [each.is_error for each in told] == [True, False]
    assert told[1].code == "" and told[1].meaning == ""


def test_odd_findings_do_not_break_the_page() -> None:
    assert len(tell([{}, {"code": None, "message": None}, {"code": "99999", "message": "?"}])) == 2
