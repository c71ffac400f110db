"""A title says which page this is: to whoever hears it read aloud, and in a row of tabs (WCAG 2.4.2)."""

from __future__ import annotations

import html
import re
from collections import defaultdict

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from fattorino.config import demo
from fattorino.organisations.flows import save_user
from tests.desk import NOW
from tests.house import House, addresses

NOBODY = "nessuna@accesso.example"
# Called after the file that was brought; the house's two files, an own one and a received one, have one name.
AFTER_A_FILE = {"entrate/importa/<int:import_id>/", "passive/importa/<int:brought_id>/"}
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def test_no_two_addresses_have_pages_of_one_title(house: House) -> None:
    titles: dict[str, set[str]] = defaultdict(set)
    save_user(NOBODY, demo.PASSWORD, "Ada Neri", {}, now=NOW)
    routes = {each.route: each.path for each in addresses(house, mixed=False)}
    account = {route: path for route, path in routes.items() if route.startswith("accesso/")}
    for who, asked in ((house.owner.email, routes), ("", account), (NOBODY, account | {"": "/"})):
        sign_in(house, who)
        visit(house, asked, titles)
    # The pages of the second factor, of who has one.
    sign_in(house, house.owner.email)
    TOTP.activate(house.owner, generate_totp_secret())
    RecoveryCodes.activate(house.owner)
    visit(house, account, titles)
    assert len(titles) > 60
    same = {title: found for title, found in titles.items() if len(found) > 1 and found != AFTER_A_FILE}
    assert not same


def sign_in(house: House, email: str) -> None:
    """Through the page: those of the password want to have seen it within the last minutes."""
    house.client.cookies.clear()
    if email:
        house.client.post("/accesso/login/", {"login": email, "password": demo.PASSWORD})


def visit(house: House, asked: dict[str, str], titles: dict[str, set[str]]) -> None:
    for route, path in asked.items():
        if path == "/accesso/logout/" or route.startswith(("api/", "sdi/")):
            continue
        answer = house.client.get(path)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            for title in _TITLE.findall(answer.content.decode()):
                titles[" ".join(html.unescape(title).split())].add(route)
