"""The contracts of SdI's web services as WSDL 1.1 with their types inside, from the operations of `soap`.

Equivalent to the official files (same names, namespaces, actions, types and facets), written from our own
declaration so that what is published is what is served.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import quoteattr

from fattorino.core.sdi.soap import OPERATIONS, SHAPES, FileSdIBase, Operation, Service

_XSD = "http://www.w3.org/2001/XMLSchema"
_TYPES = {"name": "types:nomeFile_Type", "id": "types:identificativoSdI_Type", "time": "xsd:dateTime"}
_SIMPLE = (
    '<xsd:simpleType name="identificativoSdI_Type"><xsd:restriction base="xsd:integer">'
    '<xsd:totalDigits value="12"/></xsd:restriction></xsd:simpleType>'
    '<xsd:simpleType name="nomeFile_Type"><xsd:restriction base="xsd:string">'
    r'<xsd:pattern value="[a-zA-Z0-9_\.]{9,50}"/></xsd:restriction></xsd:simpleType>'
)


def wsdl(service: Service, address: str) -> bytes:
    """The WSDL of one service at an address."""
    operations = [o for o in OPERATIONS if o.service == service]
    namespace = operations[0].namespace
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"'
        f' xmlns:xsd="{_XSD}" xmlns:soapbind="http://schemas.xmlsoap.org/wsdl/soap/"'
        f' xmlns:types="{namespace}/types" xmlns:tns="{namespace}" targetNamespace="{namespace}">\n'
        f'<wsdl:types><xsd:schema targetNamespace="{namespace}/types">\n{_schema(operations)}'
        "</xsd:schema></wsdl:types>\n"
        + "".join(map(_messages, operations))
        + f'<wsdl:portType name="{service}">\n{"".join(map(_port, operations))}</wsdl:portType>\n'
        f'<wsdl:binding name="{service}_binding" type="tns:{service}">\n'
        '<soapbind:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>\n'
        + "".join(map(_binding, operations))
        + f'</wsdl:binding>\n<wsdl:service name="{service}_service">\n'
        f'<wsdl:port name="{service}_port" binding="tns:{service}_binding">\n'
        f"<soapbind:address location={quoteattr(address)}/>\n</wsdl:port></wsdl:service>\n</wsdl:definitions>\n"
    )
    return text.encode("utf-8")


def _schema(operations: list[Operation]) -> str:
    models: dict[type[Any], None] = {}
    elements = []
    for operation in operations:
        for element, model in (
            (operation.request_element, operation.request_type),
            (operation.response_element, operation.response_type),
        ):
            if model is not None:
                models[model] = None
                elements.append(f'<xsd:element name="{element}" type="types:{_type_name(model)}"/>\n')
    if any(kind == "file?" for model in models for _, _, kind in SHAPES[model]):
        models[FileSdIBase] = None
    return "".join(dict.fromkeys(elements)) + "".join(map(_complex, models)) + _SIMPLE


def _type_name(model: type[Any]) -> str:
    return f"{model.__name__[0].lower()}{model.__name__[1:]}_Type"


def _complex(model: type[Any]) -> str:
    fields = "".join(_field(element, kind) for element, _, kind in SHAPES[model])
    return f'<xsd:complexType name="{_type_name(model)}"><xsd:sequence>{fields}</xsd:sequence></xsd:complexType>\n'


def _field(element: str, kind: str) -> str:
    optional = ' minOccurs="0"' if kind.endswith("?") else ""
    if kind == "bytes":
        return (
            f'<xsd:element name="{element}" type="xsd:base64Binary" xmime:expectedContentTypes="*/*"'
            ' xmlns:xmime="http://www.w3.org/2005/05/xmlmime"/>'
        )
    if kind == "file?":
        return f'<xsd:element name="{element}" type="types:{_type_name(FileSdIBase)}"{optional}/>'
    if kind in _TYPES:
        return f'<xsd:element name="{element}" type="{_TYPES[kind]}"{optional}/>'
    values = "".join(f'<xsd:enumeration value="{v}"/>' for v in kind.rstrip("?").split())
    return (
        f'<xsd:element name="{element}"{optional}><xsd:simpleType><xsd:restriction base="xsd:string">{values}'
        "</xsd:restriction></xsd:simpleType></xsd:element>"
    )


def _messages(operation: Operation) -> str:
    parts = [("richiesta", operation.request_element), ("risposta", operation.response_element)]
    return "".join(
        f'<wsdl:message name="{kind}{operation.name}_Msg">'
        f'<wsdl:part name="parameters" element="types:{element}"/></wsdl:message>\n'
        for kind, element in parts
        if element
    )


def _port(operation: Operation) -> str:
    output = "" if operation.one_way else f'<wsdl:output message="tns:risposta{operation.name}_Msg"/>'
    return (
        f'<wsdl:operation name="{operation.name}"><wsdl:input message="tns:richiesta{operation.name}_Msg"/>'
        f"{output}</wsdl:operation>\n"
    )


def _binding(operation: Operation) -> str:
    body = '<soapbind:body use="literal"/>'
    output = "" if operation.one_way else f"<wsdl:output>{body}</wsdl:output>"
    return (
        f'<wsdl:operation name="{operation.name}"><soapbind:operation soapAction="{operation.soap_action}"/>'
        f"<wsdl:input>{body}</wsdl:input>{output}</wsdl:operation>\n"
    )
