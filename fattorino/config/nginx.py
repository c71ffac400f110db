"""The nginx in front: pages over HTTPS, the live channel, and SdI's doors behind its client certificate.

Only nginx sees the certificate of who calls; it tells Fattorino with two headers that it sets itself, whatever the
caller may have sent, and with a secret that shows that they come from it (shared reference, stack 7).
"""

from __future__ import annotations

from dataclasses import dataclass

TEMPLATE = """# Made by `fattorino manage nginx`: {site} for people and programs, {sdi} for SdI alone.
# In the http section of nginx (a file of /etc/nginx/conf.d/ or sites-enabled/).

server {{
    listen {address}{port} ssl;
    server_name {site};
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3;
    # What Fattorino takes in all (64 MB of files and their form), so that its own page tells of more.
    client_max_body_size 66m;

    # These two say who SdI is, and only the other server may set them.
    proxy_set_header X-Fattorino-Proxy "";
    proxy_set_header X-Ssl-Client-S-Dn "";
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto https;

    # Another Hub's webhooks, which prove themselves by their signature; the rest of these doors is SdI's alone.
    location /sdi/intermediario/ {{
        client_max_body_size 16k;
        proxy_pass http://127.0.0.1:{upstream};
    }}
    location /sdi/ {{ return 404; }}
    location /vivo/ {{
        proxy_pass http://127.0.0.1:{live}/;
        # Said again: a location with headers of its own inherits none.
        proxy_set_header X-Fattorino-Proxy "";
        proxy_set_header X-Ssl-Client-S-Dn "";
        proxy_set_header Host $host;
        proxy_http_version 1.1;
        proxy_buffering off;
        proxy_read_timeout 1h;
    }}
    location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
}}

server {{
    listen {address}{sdi_port} ssl;
    server_name {sdi};
    ssl_certificate {sdi_certificate};
    ssl_certificate_key {sdi_key};
    ssl_protocols TLSv1.2 TLSv1.3;
    # The authority that signs SdI's own certificates; whoever has none of hers is turned away before anything is read.
    ssl_client_certificate {sdi_ca};
    ssl_verify_client on;
    ssl_verify_depth 3;
    client_max_body_size 20m;

    location /sdi/ {{
        proxy_pass http://127.0.0.1:{upstream};
        proxy_set_header X-Fattorino-Proxy "{secret}";
        proxy_set_header X-Ssl-Client-S-Dn $ssl_client_s_dn;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
        # SdI hears the answer of Fattorino, or nothing: never "taken" from a buffer.
        proxy_request_buffering on;
        proxy_next_upstream off;
    }}
    location / {{ return 404; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Front:
    """What the file is made of.

    Attributes:
        site, sdi: host names, of the pages and of SdI's doors. address: of this machine to listen on; "" for all.
        port, sdi_port: may be equal where the names differ. upstream, live: ports of Fattorino on this machine.
        certificate, key: of the site; sdi_certificate, sdi_key: the server certificate of the accreditation.
        sdi_ca: the authorities that sign SdI's client certificate. All are paths of PEM files.
        secret: FATTORINO_SDI_PROXY_SECRET.
    """

    site: str
    sdi: str
    certificate: str
    key: str
    sdi_certificate: str
    sdi_key: str
    sdi_ca: str
    secret: str
    upstream: int
    live: int
    address: str = ""
    port: int = 443
    sdi_port: int = 443


def configuration(front: Front) -> str:
    """The text of the file. Raises ValueError for a value that would end the line it stands in."""
    values = {name: getattr(front, name) for name in Front.__slots__}
    for name, value in values.items():
        if isinstance(value, str) and any(letter in value for letter in "\r\n;{}\"' \t$\\"):
            raise ValueError(name)
    values["address"] = f"{front.address}:" if front.address else ""
    return TEMPLATE.format(**values)
