"""The quadrature file of a support and SdI's outcome for it (FTP411, 3.1.5 and 3.2.2; FtpTypes_v2.0.xsd)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar

from fattorino.core import xml as safe_xml
from fattorino.core.errors import FormatError
from fattorino.core.sdi.ftp.names import NODE
from fattorino.core.texts import say
from fattorino.core.tracciati import A, E, Root, emit, walk
from fattorino.core.tracciati.codelists import Code, CodeList
from fattorino.core.tracciati.lazy import dataclass
from fattorino.core.tracciati.values import Coded, Counter, Moment, Pattern, Text

NAMESPACE = "http://www.fatturapa.it/sdi/ftp/v2.0"
LIMIT = 1_000_000  # bytes; a thousand lines are 60 kB

# What may stand in NumeroFile/File/Tipo, and which way it travels (3.1.5).
TO_SDI = ("FA", "EC", "DF", "LI", "DFZ", "LIZ", "FL")
FROM_SDI = ("FA", "AT", "DT", "ED", "EL", "MC", "MT", "NE", "NS", "RC", "SE")

_Node = Annotated[
    str,
    Pattern("IdentificativoNodo_Type", re.compile(NODE), say("11 caratteri, lettere maiuscole e cifre")),
]
_NomeFile = Annotated[str, Text("NomeFile_Type", 44, shortest=0, charset="any", whitespace="preserve")]
_Tipo = Annotated[str, Text("xs:string", 1_000, shortest=0, charset="any", whitespace="preserve")]
_Numero = Annotated[int, Counter("xs:nonNegativeInteger", 0, 999_999_999)]
_Instant = Annotated[datetime, Moment("xs:dateTime")]
_Versione = Annotated[str, Coded("Versione_Type", CodeList("Versione", (Code("2.0", "versione 2.0"),)))]
ESITO = CodeList(
    "EsitoTrasferimentoFTP",
    (
        Code("ET01", say("ricezione del supporto avvenuta con successo")),
        Code("ET02", say("ricezione del supporto avvenuta con errore")),
    ),
)
_Esito = Annotated[str, Coded("EsitoTrasferimentoFTP_Type", ESITO)]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """How many files of one kind a support holds."""

    XSD: ClassVar = "TipoFile_Type"
    tipo: Annotated[_Tipo, E(1, "Tipo", "tipo dei file")]
    numero: Annotated[_Numero, E(2, "Numero", "numero dei file")]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumeroFile:
    XSD: ClassVar = "NumeroFile_Type"
    file: Annotated[tuple[File, ...], E(1, "File", "file di un tipo", most=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuadratura:
    """What a support says it holds."""

    XSD: ClassVar = "QuadraturaFTP_Type"
    ROOT: ClassVar[Root] = Root(
        "FileQuadraturaFTP", NAMESPACE, "ns", ("2.0",), "File di quadratura SdIFtp", "2.0", signature="none"
    )
    versione: Annotated[_Versione, A("versione", "versione del formato")] = "2.0"
    identificativo_nodo: Annotated[_Node, E(1, "IdentificativoNodo", "codice fiscale del nodo")]
    data_ora_creazione: Annotated[_Instant, E(2, "DataOraCreazione", "data e ora di creazione")]
    nome_supporto: Annotated[_NomeFile, E(3, "NomeSupporto", "nome del supporto")]
    numero_file: Annotated[NumeroFile, E(4, "NumeroFile", "file contenuti")]

    def counts(self) -> dict[str, int]:
        """Files by kind; a kind that stands there twice, which it must not (3.1.5), is added up."""
        found: dict[str, int] = {}
        for line in self.numero_file.file:
            found[line.tipo] = found.get(line.tipo, 0) + line.numero
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEsito:
    """SdI's word on a support: taken (ET01) or suspended (ET02)."""

    XSD: ClassVar = "EsitoFTP_Type"
    ROOT: ClassVar[Root] = Root(
        "FileEsitoFTP", NAMESPACE, "ns", ("2.0",), "File di esito SdIFtp", "2.0", signature="none"
    )
    versione: Annotated[_Versione, A("versione", "versione del formato")] = "2.0"
    identificativo_nodo: Annotated[_Node, E(1, "IdentificativoNodo", "codice fiscale del nodo")]
    data_ora_ricezione: Annotated[_Instant, E(2, "DataOraRicezione", "data e ora di ricezione del supporto")]
    data_ora_esito: Annotated[_Instant, E(3, "DataOraEsito", "data e ora dell'esito")]
    nome_supporto: Annotated[_NomeFile, E(4, "NomeSupporto", "nome del supporto")]
    esito: Annotated[_Esito, E(5, "Esito", "esito")]

    @property
    def taken(self) -> bool:
        return self.esito == "ET01"


def quadrature(node: str, made: datetime, support: str, counts: dict[str, int]) -> FileQuadratura:
    """`made` is aware; `counts` are files by kind."""
    lines = tuple(File(tipo=kind, numero=number) for kind, number in sorted(counts.items()))
    return FileQuadratura(
        identificativo_nodo=node,
        data_ora_creazione=made,
        nome_supporto=support,
        numero_file=NumeroFile(file=lines),
    )


def write_record(record: FileQuadratura | FileEsito) -> bytes:
    """Raises FormatError where the official schema would not take it."""
    data, problems = emit(record)
    if problems:
        raise FormatError(problems[0].message, problems, problems[0].hint)
    return data


def read_quadrature(data: bytes) -> FileQuadratura:
    """Raises XmlError, or FormatError where the file is not one."""
    read: FileQuadratura = _read(data, FileQuadratura)
    return read


def read_esito(data: bytes) -> FileEsito:
    """Raises XmlError, or FormatError where the file is not one."""
    read: FileEsito = _read(data, FileEsito)
    return read


def _read(data: bytes, cls: type[Any]) -> Any:
    root = safe_xml.parse(data, limit=LIMIT)
    outcome = walk(root, cls)
    if outcome.problems:
        first = outcome.problems[0]
        raise FormatError(first.message, outcome.problems, first.hint)
    return outcome.value
