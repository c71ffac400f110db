from __future__ import annotations

import pathlib

import pytest
from lxml import etree


class _LocalXmldsig(etree.Resolver):
    """The official schemas import xmldsig from the web; the copy beside them will do."""

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__()
        self.folder = folder

    def resolve(self, system_url, public_id, context):
        if "xmldsig" in system_url:
            return self.resolve_filename(str(self.folder / "xmldsig-core-schema.xsd"), context)
        return None


def _schema(folder: pathlib.Path, name: str) -> etree.XMLSchema:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    parser.resolvers.add(_LocalXmldsig(folder))
    return etree.XMLSchema(etree.parse(str(folder / name), parser))


@pytest.fixture(scope="session")
def official_schemas(shared_data: pathlib.Path) -> dict[str, etree.XMLSchema]:
    """The schemas in force, by the name of the root element."""
    folder = shared_data / "sdi" / "xsd"
    return {
        "FatturaElettronica": _schema(folder, "ordinaria_v1.2.3.xsd"),
        "FatturaElettronicaSemplificata": _schema(folder, "semplificata_v1.0.2.xsd"),
    }
