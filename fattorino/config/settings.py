"""Settings, all from the environment; what is not set has a safe default. See docs/manuale/amministratore.md."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from fattorino.config.secret import fernet_key, load_or_make_key
from fattorino.hub.reach import LOOPBACK, Reach

BASE_DIR = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("FATTORINO_HOME") or BASE_DIR / "var")
DEMO = os.environ.get("FATTORINO_DEMO") == "1"
PORT = int(os.environ.get("FATTORINO_PORT") or 8000)
SIMULATOR_PORT = int(os.environ.get("FATTORINO_SIMULATOR_PORT") or PORT + 1)
# The live channel of the dashboards: its own port, 0 for none; its address from outside where a proxy stands in front.
LIVE_PORT = int(os.environ.get("FATTORINO_LIVE_PORT") or PORT + 2)
LIVE_URL = os.environ.get("FATTORINO_LIVE_URL", "")

DEBUG = False
# One key file signs sessions and encrypts what must be kept secret at rest; see config/secret.py.
SECRET_KEY = os.environ.get("FATTORINO_SECRET_KEY") or load_or_make_key(HOME / "secret.key")
# What encrypts secrets at rest: the newest first; an old one stays until everything is encrypted anew.
SECRETS_KEYS = [
    fernet_key(k) for k in [SECRET_KEY, *filter(None, os.environ.get("FATTORINO_OLD_KEYS", "").split(","))]
]
# SdI calls its doors by a name of their own, told to it in the accreditation: requests for it must be let in too.
SDI_HOSTS = [h for h in os.environ.get("FATTORINO_SDI_HOSTS", "").split(",") if h]
ALLOWED_HOSTS = [
    *(h for h in os.environ.get("FATTORINO_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if h),
    *SDI_HOSTS,
]
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("FATTORINO_ORIGINS", "").split(",") if o]
HTTPS = os.environ.get("FATTORINO_HTTPS") == "1"
# Proxies in front of the web server: with each of them X-Forwarded-For has one address more to be believed, counted
# from its end. Without it all visitors of a proxy would share one limit on sign-in.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("FATTORINO_PROXIES") or HTTPS)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
    "fattorino.organisations",
    "fattorino.workflow",
    "fattorino.documents",
    "fattorino.hub",
    "fattorino.web",
    "fattorino.config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fattorino.web.middleware.ContentSecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Opens the request's one transaction and shows the database only the company in use.
    "fattorino.organisations.middleware.CompanyMiddleware",
    "fattorino.web.language.LanguageMiddleware",
]

ROOT_URLCONF = "fattorino.config.urls"
WSGI_APPLICATION = "fattorino.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "fattorino" / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fattorino.web.context.page",
            ],
        },
    }
]


def database() -> dict[str, object]:
    """DATABASE_URL, or the embedded PostgreSQL on its private socket (config/postgres.py)."""
    url = os.environ.get("DATABASE_URL")
    shared: dict[str, object] = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": os.environ.get("FATTORINO_TEST_DATABASE", "test_fattorino")},
    }
    if url:
        parts = urlsplit(url)
        return shared | {
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            # Not `hostname`, which is in small letters: a host may be the folder of a socket.
            "HOST": unquote(parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}")).strip("[]"),
            "PORT": str(parts.port or ""),
        }
    # The real path: a home whose name is too long for a socket has a short one that the link leads to.
    socket = os.environ.get("FATTORINO_PGSOCKET") or os.path.realpath(HOME / "run")
    return shared | {"NAME": "fattorino", "USER": "fattorino", "HOST": socket, "PORT": ""}


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "organisations.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "fattorino.organisations.accounts.ClosedAccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_RATE_LIMITS = {
    "login": os.environ.get("FATTORINO_LOGIN_RATE", "30/m/ip"),
    "login_failed": "10/m/ip,5/5m/key",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Fattorino"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"

# Shared by all processes, so that the limits on sign-in hold with many web workers.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "web_cache"}}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "fattorino.web.views.csrf_failure"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# An import may be 20 MB; the reader refuses what is larger with words, so the framework's limit stands above it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 26_214_400
FILE_UPLOAD_MAX_MEMORY_SIZE = 26_214_400
DATA_UPLOAD_MAX_NUMBER_FIELDS = 60_000
# A month of invoices chosen in one folder; the page that refuses more names this number (web/views.py).
DATA_UPLOAD_MAX_NUMBER_FILES = 1_000
# Folders below which a company may have one watched for received invoices, each in the part that its partita IVA names.
WATCH_ROOTS = [
    root for root in os.environ.get("FATTORINO_WATCH_ROOTS", "").split(os.pathsep) if os.path.isabs(root)
]

# The last day for which the Council is known to have allowed split payment (Decision (EU) 2023/1552). Whoever learns
# of a longer permission sets it; until then the form only warns.
SPLIT_PAYMENT_UNTIL = datetime.date.fromisoformat(
    os.environ.get("FATTORINO_SPLIT_PAYMENT_UNTIL") or "2026-06-30"
)

LANGUAGE_CODE = "it"
LANGUAGES = [("it", "Italiano"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = HTTPS
# The rooms that are Django apps bring their own; these are the others (scripts/languages.py).
LOCALE_PATHS = [
    BASE_DIR / "fattorino" / room / "locale"
    for room in ("", "api", "core", "core/fatturapa", "core/workflow")
]
# Dates and amounts look Italian in both languages: they are read next to Italian documents.
FORMAT_MODULE_PATH = ["fattorino.web.formats"]
TIME_ZONE = "Europe/Rome"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("FATTORINO_STATIC_ROOT") or BASE_DIR / "static-build")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": os.environ.get("FATTORINO_STATIC_STORAGE")
        or "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Static files are immutable once hashed; without a build (tests) whitenoise finds them where they are.
WHITENOISE_USE_FINDERS = not STATIC_ROOT.is_dir()

EMAIL_HOST = os.environ.get("FATTORINO_SMTP_HOST", "")
# Whether messages can be sent at all. If not, nothing that needs them is offered, and none ends in a log: who reads
# the log must not find a link that opens somebody's account.
MAIL = bool(EMAIL_HOST)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL else 'dummy'}.EmailBackend"
_TLS_PORTS = {"starttls": 587, "tls": 465, "no": 25}
_TLS = os.environ.get("FATTORINO_SMTP_TLS") or "starttls"
if _TLS not in _TLS_PORTS:
    raise ImproperlyConfigured(f"FATTORINO_SMTP_TLS={_TLS}: scrivere {', '.join(_TLS_PORTS)}.")
EMAIL_USE_TLS, EMAIL_USE_SSL = _TLS == "starttls", _TLS == "tls"
EMAIL_PORT = int(os.environ.get("FATTORINO_SMTP_PORT") or _TLS_PORTS[_TLS])
EMAIL_HOST_USER = os.environ.get("FATTORINO_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("FATTORINO_SMTP_PASSWORD", "")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("FATTORINO_FROM", "fattorino@localhost")
# How the pages are called from outside, for the links in e-mails.
SITE_URL = (
    os.environ.get("FATTORINO_URL") or next(iter(CSRF_TRUSTED_ORIGINS), f"http://127.0.0.1:{PORT}")
).rstrip("/")

PROCRASTINATE_ON_APP_READY = None
PROCRASTINATE_WORKER_DEFAULTS = {
    "fetch_job_polling_interval": 1,
    "update_heartbeat_interval": 2,
    "stalled_worker_timeout": 8,
    "shutdown_graceful_timeout": 20,
    # What was done is told by the documents' own history; failed jobs stay for whoever must look.
    "delete_jobs": "successful",
    "concurrency": 4,
}

# The table that binds the names of actions to flows; the workflow room does not know the rooms above it.
WORKFLOW_ACTIONS = "fattorino.config.actions.ACTIONS"
WORKFLOW_ACTIONS_FOR_MANY = "fattorino.config.actions.ACTIONS_FOR_MANY"
DASHBOARD_ALERTS = "fattorino.config.actions.DASHBOARD_ALERTS"
WORKFLOW_ACTION_PAGES = "fattorino.config.actions.ACTION_PAGES"
WORKFLOW_ACTION_LOCKS = "fattorino.config.actions.ACTION_LOCKS"
# What documents are called, for the rooms that do not know their TipoDocumento.
DOCUMENT_NAMES = "fattorino.config.actions.DOCUMENT_NAMES"
DOCUMENT_PANELS = "fattorino.config.actions.PANELS"
PASSIVE_PANELS = "fattorino.config.actions.PASSIVE_PANELS"
WORKFLOW_HUB = "fattorino.config.actions.ASK_HUB"

# How long to wait for a receipt before an uncertain send is offered again to SdI under the same name (seconds).
HUB_UNCERTAIN_WAIT = float(os.environ.get("FATTORINO_UNCERTAIN_WAIT") or 6 * 3600)
# How long a PEC provider may say nothing of a letter that it took, before it is in doubt whether it ever reached SdI
# (seconds): within a day it must have told of the delivery, or of its failing (RFC 6109, 3.1.6).
HUB_LETTER_SILENCE = float(os.environ.get("FATTORINO_LETTER_SILENCE") or 24 * 3600)
# Pauses between attempts when SdI certainly did not take the file (seconds); after the last the state is an error.
HUB_RETRY_PAUSES = [
    float(p) for p in os.environ.get("FATTORINO_RETRY_PAUSES", "5,30,120,600,1800,3600").split(",")
]
HUB_TIMEOUT = float(os.environ.get("FATTORINO_CHANNEL_TIMEOUT") or 60)
HUB_RICEVI_FILE_URL = os.environ.get("FATTORINO_SDI_URL") or f"http://127.0.0.1:{SIMULATOR_PORT}/ricevi_file"
# The SdI endpoints answer only to loopback (simulator) or to a proxy that checked the client certificate and
# says so with this shared secret (X-Fattorino-Proxy) and the subject (X-Ssl-Client-S-Dn).
SDI_PROXY_SECRET = os.environ.get("FATTORINO_SDI_PROXY_SECRET", "")
# Which of the certificates that the proxy lets in are SdI's: a pattern of the subject. The same authority signs those
# of every accredited channel, whose name is SDI-<codice fiscale> (sdi.md 5.1); how SdI itself is called, no official
# text says, so whoever has seen it in the proxy's log may narrow this.
SDI_CLIENT_SUBJECT = os.environ.get("FATTORINO_SDI_SUBJECT") or r"(^|,)\s*CN=(?!SDI-)"
SDI_ALLOW_LOOPBACK = os.environ.get("FATTORINO_SDI_ALLOW_LOOPBACK", "1" if DEMO else "0") == "1"
# Where the exchange folders of SdIFtp nodes are made, unless an administrator of the installation says otherwise.
SDIFTP_HOME = Path(os.environ.get("FATTORINO_SDIFTP_HOME") or HOME / "sdiftp")
# How many days before SdI must have answered (or a buyer's term ends) the document's people are warned.
HUB_TERM_WARNING_DAYS = float(os.environ.get("FATTORINO_TERM_WARNING_DAYS") or 2)
# The authority of SdI's certificate, by which receipts are proven: a file, or a folder of simulators (decision 0012).
SDI_TRUSTED_CA = os.environ.get("FATTORINO_SDI_TRUSTED_CA") or (str(HOME / "simulators") if DEMO else "")

# Libraries of signing devices that companies may choose: "name=path" with ";" between them. They are code that runs in
# our processes, so only who runs the installation names them.
PKCS11_LIBRARIES = dict(
    each.split("=", 1) for each in os.environ.get("FATTORINO_PKCS11", "").split(";") if "=" in each
)
# Whose the devices are: "label=partita IVA" with ";" between them. Whoever may name a device can lock it with a few
# wrong PINs, so it is named here and not by the companies.
PKCS11_TOKENS = dict(
    each.rsplit("=", 1) for each in os.environ.get("FATTORINO_PKCS11_TOKENS", "").split(";") if "=" in each
)
# Private networks, numbers and names that the addresses written by companies may lead to: nothing else of our own
# network is called in their name (hub/reach.py). The demo's simulators live on this machine.
ALLOWED_NETWORKS = [
    place
    for place in os.environ.get("FATTORINO_ALLOWED_NETWORKS", ",".join(LOOPBACK) if DEMO else "").split(",")
    if place
]
try:
    Reach.of(ALLOWED_NETWORKS)
except ValueError as error:
    raise ImproperlyConfigured(
        f"FATTORINO_ALLOWED_NETWORKS: {error}. Per esempio 10.20.0.0/16,pec.interno.it"
    ) from error
# Whether a name server is asked when an address is saved, so that it is told beside the field; each call asks anyway.
RESOLVE_AT_SAVING = True
# Whether webhooks may call this very machine, also without TLS: for trying out, never where others have companies.
WEBHOOK_LOOPBACK = os.environ.get("FATTORINO_WEBHOOK_LOOPBACK", "1" if DEMO else "0") == "1"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("FATTORINO_LOG_LEVEL", "INFO")},
    "loggers": {"httpx": {"level": "WARNING"}, "procrastinate": {"level": "WARNING"}},
}
