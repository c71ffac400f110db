"""*Impostazioni comuni*: kept by the installation's administrators, with pictures that are drawn anew."""

from __future__ import annotations

import io
import pathlib
import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, PngImagePlugin

from fattorino import clock
from fattorino.core.errors import RefusedError
from fattorino.organisations.models import AuditEntry
from fattorino.organisations.queries import Actor
from fattorino.workflow import flows, overview
from fattorino.workflow.flows import images
from fattorino.workflow.forms.look import ICONS
from fattorino.workflow.models import StateImage
from tests.desk import NOW, Desk
from tests.workflow.settings_pages import STATES, admin_of, browser_of, text_of

NEW = {
    "code": "DA_RIVEDERE", "label": "Da rivedere", "tab": "Da lavorare", "order": "15", "gadget_label": "Rivedere",
    "colour": "#8a5a00", "tooltip": "Aspettano una firma", "image": "icon", "icon": "it-flag",
}  # fmt: skip
SPRITE = pathlib.Path(settings.BASE_DIR) / "fattorino/web/static/vendor/bootstrap-italia/svg/sprites.svg"


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def boss(desk: Desk) -> Actor:
    return admin_of(desk)


@pytest.fixture
def staff(boss: Actor) -> Client:
    return browser_of(boss, staff=True)


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 150), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#1c6ea4").save(out, kind, **options)
    return out.getvalue()


def test_only_the_installation_s_administrators_change_what_all_companies_share(
    desk: Desk, boss: Actor
) -> None:
    browser = browser_of(boss)
    assert browser.get(f"{STATES}comuni/").status_code == 403
    for page in ("comuni/nuovo/", "comuni/CONSEGNATO/"):
        assert browser.get(STATES + page).status_code == 403
        assert browser.post(STATES + page, NEW).status_code == 403
    assert browser.post(f"{STATES}comuni/CONSEGNATO/elimina/").status_code == 403
    page = text_of(browser.get(f"{STATES}stato/CONSEGNATO/"))
    assert "Le cambia un amministratore dell'installazione" in page
    assert "Modifica le impostazioni comuni" not in page


def test_a_state_is_made_changed_and_deleted_and_it_is_written_down(staff: Client) -> None:
    assert staff.post(f"{STATES}comuni/nuovo/", NEW).status_code == 302
    look = overview.look("DA_RIVEDERE")
    assert look is not None
    assert (look.tab, look.order, look.gadget_label, look.icon) == ("Da lavorare", 15, "Rivedere", "it-flag")
    assert (look.colour, look.tooltip) == ("#8a5a00", "Aspettano una firma")
    assert staff.post(f"{STATES}comuni/DA_RIVEDERE/", NEW | {"label": "Da guardare"}).status_code == 302
    assert "Da guardare" in text_of(staff.get(f"{STATES}comuni/"))
    assert staff.post(f"{STATES}comuni/DA_RIVEDERE/elimina/").status_code == 302
    assert overview.look("DA_RIVEDERE") is None
    told = AuditEntry.objects.filter(detail__codice="DA_RIVEDERE").order_by("id")
    assert [entry.what for entry in told] == [
        "stato creato",
        "impostazioni comuni di uno stato",
        "stato eliminato",
    ]


def test_a_state_that_a_company_uses_is_not_deleted(staff: Client) -> None:
    assert staff.post(f"{STATES}comuni/CONSEGNATO/elimina/").status_code == 409
    assert overview.look("CONSEGNATO") is not None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("code", "da rivedere", "lettere maiuscole"),
        ("code", "CONSEGNATO", "già uno stato"),
        ("label", "", "descrizione"),
        ("tab", "", "nome del tab"),
        ("order", "primo", "numero intero"),
        ("order", "99999", "numero"),
        ("colour", "#ffee00", "non si legge"),
        ("colour", "giallo", "#1e7d32"),
        ("icon", "it-inventata", "simbolo"),
        ("tooltip", "x" * 201, "200"),
    ],
)
def test_a_common_setting_that_cannot_be_is_told_beside_its_field(
    staff: Client, field: str, value: str, words: str
) -> None:
    response = staff.post(f"{STATES}comuni/nuovo/", NEW | {field: value})
    assert response.status_code == 422
    assert words in response.content.decode().split(f'id="err-{field}"')[1].split("</div>")[0]


@pytest.mark.skipif(not SPRITE.exists(), reason="skipped: the static files are not fetched")
def test_every_symbol_offered_is_in_the_sprite() -> None:
    known = set(re.findall(r'id="(it-[a-z0-9-]+)"', SPRITE.read_text()))
    assert {name for name, _label in ICONS} <= known


# --- pictures


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_made_small_and_drawn_anew(desk: Desk, kind: str) -> None:
    drawn = overview.image(images.save_image(picture(kind), now=NOW))
    assert drawn is not None
    with Image.open(io.BytesIO(drawn)) as image:
        assert (image.format, image.size) == ("PNG", (128, 64))


def test_what_a_picture_carries_beside_its_points_is_left_behind(desk: Desk) -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "nascosto")
    content = picture(pnginfo=words) + b"<script>alert(1)</script>"
    assert b"nascosto" in content
    drawn = overview.image(images.save_image(content, now=NOW))
    assert drawn is not None and b"nascosto" not in drawn and b"script" not in drawn


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        picture()[:60],
        picture()[:200],
        picture("TIFF"),
        b"x" * 500_001,
        picture(size=(4001, 4001)),
    ],
    ids=["empty", "svg", "postscript", "head", "cut", "tiff", "large", "bomb"],
)
def test_what_is_no_picture_or_too_much_is_refused(desk: Desk, content: bytes) -> None:
    with pytest.raises(RefusedError):
        images.save_image(content, now=NOW)
    assert not StateImage.objects.exists()


def test_an_uploaded_picture_takes_the_place_of_the_symbol_and_is_shown_to_who_is_signed_in(
    desk: Desk, staff: Client
) -> None:
    sent = NEW | {"image": "upload", "immagine": SimpleUploadedFile("a.png", picture())}
    assert staff.post(f"{STATES}comuni/nuovo/", sent).status_code == 302
    look = overview.look("DA_RIVEDERE")
    assert look is not None and look.image_sha256
    address = f"{STATES}immagini/{look.image_sha256}.png"
    assert address in staff.get(f"{STATES}comuni/DA_RIVEDERE/").content.decode()
    response = staff.get(address)
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert Client().get(address).status_code == 302
    assert staff.get(f"{STATES}immagini/{'0' * 64}.png").status_code == 404
    # The next save of the form keeps it; choosing the symbol gives it up.
    kept = NEW | {"image": "upload", "image_sha256": look.image_sha256}
    staff.post(f"{STATES}comuni/DA_RIVEDERE/", kept)
    assert overview.look("DA_RIVEDERE") == look
    staff.post(f"{STATES}comuni/DA_RIVEDERE/", kept | {"image": "icon"})
    assert overview.look("DA_RIVEDERE") != look


@pytest.mark.parametrize("sha256", ["0" * 64, "../../x", ""])
def test_a_picture_that_is_not_kept_cannot_be_named(staff: Client, sha256: str) -> None:
    response = staff.post(f"{STATES}comuni/nuovo/", NEW | {"image": "upload", "image_sha256": sha256})
    assert response.status_code == 422 and overview.look("DA_RIVEDERE") is None


def test_a_look_names_only_a_picture_that_is_kept(desk: Desk, boss: Actor) -> None:
    look = flows.Look("DA_RIVEDERE", "Da rivedere", "Da lavorare", image_sha256="../../x")
    with pytest.raises(RefusedError) as refused:
        flows.save_look(look, user_id=boss.user_id or 0, new=True, now=NOW)
    assert set(refused.value.fields) == {"immagine"}


def test_a_damaged_picture_is_told_beside_the_field(staff: Client) -> None:
    sent = NEW | {"image": "upload", "immagine": SimpleUploadedFile("a.png", b"niente")}
    response = staff.post(f"{STATES}comuni/nuovo/", sent)
    assert response.status_code == 422 and "non è un&#x27;immagine" in text_of(response)


def test_pictures_that_no_state_names_are_forgotten_after_a_day(desk: Desk) -> None:
    images.save_image(picture(), now=NOW)
    images.forget_unused_images(now=NOW)
    assert StateImage.objects.exists()
    images.forget_unused_images(now=NOW.replace(day=NOW.day + 2))
    assert not StateImage.objects.exists()
