"""All settings; those of the apps are in core/app_settings.py. Only that one makes the reader of the environment.

docs/configuration.md lists every variable (a test compares).
"""

import sys
from pathlib import Path
from urllib.parse import unquote

import django_stubs_ext
from django.templatetags.static import static
from django.utils.translation import gettext_lazy

from config.api.openapi_settings import SPECTACULAR_SETTINGS
from config.core import postgresql
from config.core.app_settings import *  # noqa: F403 - they are settings like those below
from config.core.app_settings import BASE_DIR, VAR_DIR, env
from config.core.generated_secrets import read_or_generate_secret
from config.core.logging import logging_settings
from config.core.metrics_dir import default_metrics_dir
from config.core.people_settings import HAS_ALLAUTH, allauth_apps, allauth_middleware, allauth_settings, role_pairs

django_stubs_ext.monkeypatch()

# --- Who may talk to this server -----------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or read_or_generate_secret(VAR_DIR / "secrets.json", "SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
REQUIRE_TOKEN = env.bool("REQUIRE_TOKEN", default=False)
API_TOKEN = env.str("API_TOKEN", default="apron-dev" if DEBUG else "") or read_or_generate_secret(
    VAR_DIR / "secrets.json", "API_TOKEN", announce=True
)
JWT_KEY = env.str("JWT_KEY", default="", multiline=True)
JWT_ALGORITHM = env.str("JWT_ALGORITHM", default="HS256")
JWKS_URL = env.str("JWKS_URL", default="")
JWT_SCOPE_CLAIM = env.str("JWT_SCOPE_CLAIM", default="scope")
JWT_DEFAULT_SCOPES = env.list("JWT_DEFAULT_SCOPES", default=["compute:run", "compute:read"])
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])  # addresses and networks whose X-Forwarded-For is believed
PORT = env.int("PORT", default=3100)
REQUEST_BODY_SECONDS = env.float("REQUEST_BODY_SECONDS", default=30)  # that a body may take, and its sender be silent
ANSWER_STALL_SECONDS = env.float("ANSWER_STALL_SECONDS", default=30)  # that a reader may be too slow
SLOW_CLIENT_BYTES_PER_SECOND = env.int("SLOW_CLIENT_BYTES_PER_SECOND", default=4096)
WEB_SPOOL = env.str("WEB_SPOOL", default="")  # for what comes or goes slowly; the system's temporary folder

# --- People: how they log in (docs/people.md). The identity provider and the second factor need the extra apron[sso] ---
LOCAL_LOGIN = env.bool("LOCAL_LOGIN", default=True)
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=False)
SSO_OIDC_ISSUER = env.str("SSO_OIDC_ISSUER", default="").strip()
SSO_OIDC_CLIENT_ID = env.str("SSO_OIDC_CLIENT_ID", default="").strip()
SSO_OIDC_CLIENT_SECRET = env.str("SSO_OIDC_CLIENT_SECRET", default="").strip()
SSO_OIDC_SCOPES = env.list("SSO_OIDC_SCOPES", default=["openid", "profile", "email"])
SSO_OIDC_NAME = env.str("SSO_OIDC_NAME", default="OpenID Connect")
SSO_SAML_METADATA_URL = env.str("SSO_SAML_METADATA_URL", default="").strip()
SSO_SAML_ENTITY_ID = env.str("SSO_SAML_ENTITY_ID", default="").strip()
SSO_SAML_CERTIFICATE = env.str("SSO_SAML_CERTIFICATE", default="", multiline=True).strip()
SSO_SAML_KEY = env.str("SSO_SAML_KEY", default="", multiline=True).strip()
SSO_SAML_NAME = env.str("SSO_SAML_NAME", default="SAML")
SSO_GROUPS = role_pairs(env.list("SSO_GROUPS", default=[]))  # (group of the identity provider, ours)
SSO_GROUPS_CLAIM = env.str("SSO_GROUPS_CLAIM", default="groups")
SSO_SESSION_SECONDS = env.int("SSO_SESSION_SECONDS", default=8 * 3600)
if HAS_ALLAUTH:
    vars().update(allauth_settings())

HTTPS_ONLY = env.bool("HTTPS_ONLY", default=False)  # behind a proxy that ends TLS and sets X-Forwarded-Proto
if HTTPS_ONLY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [
        r"^(api/)?(health|livez|readyz|metrics)$"
    ]  # probes and scrapes come from inside, without TLS
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
# Whether all subdomains are served by TLS alone, for good, is for who owns the domain to say, not for one server of it.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.core.debug_page.ExceptionReporterFilter"
CSRF_FAILURE_VIEW = "config.api.problems.csrf_failure"
# A form with files brings a handler of its own; to any other one nobody uploads the disk full.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes; also the largest JSON body a view takes unless it says otherwise

# --- The audit: who did what (docs/decisions/0074) ---------------------------------------------------------------------
AUDIT_RETENTION_DAYS = env.int("AUDIT_RETENTION_DAYS", default=365)
AUDITLOG_LOGENTRY_MODEL = "config.AuditEntry"
AUDITLOG_USE_FK_STRING_REPRESENTATION = AUDITLOG_STORE_JSON_CHANGES = True
MIGRATION_MODULES = {"auditlog": None}  # they make its own table, in place of which there is ours

# --- Database ------------------------------------------------------------------------------------------------------
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", default=21)  # of each web process: one for each of its threads
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'apron.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    _database["CONN_MAX_AGE"] = None
    _database["OPTIONS"] = {
        "timeout": 30,  # seconds to wait for the one writer
        "transaction_mode": "IMMEDIATE",  # a transaction that would have to upgrade its lock fails at once otherwise
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    _database["HOST"] = unquote(_database["HOST"])  # a socket's folder is written %2Fvar%2Frun%2Fpostgresql
    _database["CONN_MAX_AGE"] = 0  # the pool keeps them
    _database["CONN_HEALTH_CHECKS"] = True
    _pool = postgresql.POOL | {"max_size": DATABASE_POOL_SIZE}
    _database["OPTIONS"] = postgresql.CONNECTION | _database.get("OPTIONS", {}) | {"pool": _pool}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- The queue: a wake-up, never the truth (docs/decisions/0003) ------------------------------------------------------
WORKER_STALL_SECONDS = env.int("WORKER_STALL_SECONDS", default=120)
Q_CLUSTER = {
    "name": "apron",
    "orm": "default",
    "workers": 4,
    "poll": 0.1,
    "bulk": 1,
    "queue_limit": 1,  # the retry clock starts at dequeue: a task must not wait in a process
    "timeout": 600,
    "retry": 1800,  # at least 3 x timeout, or a slow task is started again while it runs
    "max_attempts": 3,  # 0 would be for ever
    "ack_failures": True,  # a schedule looks again anyway
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,  # the supervisor runs it, every few seconds instead of every 30
}

# --- The disks: how much of each is kept free for the database and running jobs ------------------------------------
DISK_LEAST_FREE_BYTES = env.int("DISK_LEAST_FREE_BYTES", default=256 * 1024**2)  # or a twentieth of a small disk

# --- Alerts: who is told when something is wrong --------------------------------------------------------------------
ALERT_WEBHOOK = env.str("ALERT_WEBHOOK", default="")
ALERT_EMAILS = env.list("ALERT_EMAILS", default=[])
ALERT_ALLOW_PRIVATE = env.bool("ALERT_ALLOW_PRIVATE", default=False)
ALERT_SILENT_SECONDS = env.float("ALERT_SILENT_SECONDS", default=120)  # of a worker
ALERT_BACKLOG_SECONDS = env.float("ALERT_BACKLOG_SECONDS", default=600)  # that an entry waits for Kafka
PUBLIC_URL = env.str("PUBLIC_URL", default="")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="apron@localhost")
vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))  # EMAIL_BACKEND, EMAIL_HOST and so on
EMAIL_TIMEOUT = 10  # seconds

# --- Django --------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "inflight",
    "catalog",
    "metadata_registry",
    "ingest",
    "compute",
    "unfold.apps.BasicAppConfig",
    "config.apps.ApronAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    *allauth_apps(),
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "auditlog",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "config.monitoring.requests.RequestMetricsMiddleware",
    "config.core.logging.RequestIdMiddleware",
    "config.access.acts.ActMiddleware",
    "config.core.languages.LanguageMiddleware",
    "config.pages.csp.ContentSecurityPolicyMiddleware",
    "config.pages.compression.PageCompressionMiddleware",
    "config.api.problems.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *allauth_middleware(),
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.access.logins.DeviceCookieMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.server.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["config.core.moments", "config.core.kept_texts"],
            "libraries": {"languages": "config.pages.languages"},
        },
    }
]
AUTHENTICATION_BACKENDS = ["config.access.logins.ThrottledBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
LOCALE_PATHS = [
    BASE_DIR / "locale",
    BASE_DIR / "locale" / "packages",
]  # the latter: what packages lack (docs/decisions/0093)
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS_ONLY
MAIL_LANGUAGE = env.str("MAIL_LANGUAGE", default=LANGUAGE_CODE)  # of e-mails, which no reader's wish comes with
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "config.core.formats"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", default="") or BASE_DIR / "staticfiles")  # made by collectstatic
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.pages.static_storage.HashedOnceCollected"},
}
WHITENOISE_USE_FINDERS = True  # serves packages' static files without a collectstatic step
WHITENOISE_AUTOREFRESH = False
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

UNFOLD = {
    "SITE_TITLE": "Apron",
    "SITE_HEADER": "Apron",
    "SITE_SUBHEADER": gettext_lazy("The ground side of in-flight retail"),
    "SITE_SYMBOL": "connecting_airports",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/static/apron/mark.svg"}],
    "STYLES": [lambda _: static("apron/admin.css")],
    "SCRIPTS": [
        "config.pages.languages.texts_script",
        lambda _: static("apron/moments.js"),
        lambda _: static("apron/admin.js"),
    ],
    "SHOW_LANGUAGES": True,
    "ACCOUNT": {"navigation": "config.pages.login.account_links"},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["config.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["config.api.authentication.TokenIfRequired"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["config.api.renderers.JsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "config.api.openapi.ApronAutoSchema",
    "EXCEPTION_HANDLER": "config.api.problems.problem_from_exception",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
    "URL_FORMAT_OVERRIDE": None,
}
# --- Logs, traces, errors (docs/operations.md) ----------------------------------------------------------------------
VERSION = SPECTACULAR_SETTINGS["VERSION"]
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")  # read by OpenTelemetry itself, too
OTEL_EXPORTER_OTLP_HEADERS = env.str("OTEL_EXPORTER_OTLP_HEADERS", default="")
OTEL_EXPORTER_OTLP_PROTOCOL = env.str("OTEL_EXPORTER_OTLP_PROTOCOL", default="http/protobuf")
OTEL_SDK_DISABLED = env.bool("OTEL_SDK_DISABLED", default=False)
OTEL_SERVICE_NAME = env.str("OTEL_SERVICE_NAME", default="")
OTEL_TRACES_SAMPLER = env.str("OTEL_TRACES_SAMPLER", default="parentbased_always_on")  # as OTEL_…_ENDPOINT
OTEL_TRACES_SAMPLER_ARG = env.str("OTEL_TRACES_SAMPLER_ARG", default="")  # the same
TRACES_ON = bool(OTEL_EXPORTER_OTLP_ENDPOINT) and not OTEL_SDK_DISABLED
if TRACES_ON:  # the names of attributes that are stable by now; instrumentations look at nothing but the environment
    env.ENVIRON.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
SENTRY_DSN = env.str("SENTRY_DSN", default="")
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", default="production")
SENTRY_RELEASE = env.str("SENTRY_RELEASE", default="")
LOG_FORMAT = env.str("LOG_FORMAT", default="text" if sys.stderr.isatty() else "json")  # text | json
LOGGING = logging_settings(LOG_FORMAT, with_traces=TRACES_ON)

# --- Metrics -------------------------------------------------------------------------------------------------------
# The default is one folder for the processes of one user on one database, wherever they were started.
METRICS_DIR = env.str("METRICS_DIR", default="") or default_metrics_dir(VAR_DIR, _database)
WORKER_METRICS_PORT = env.int("WORKER_METRICS_PORT", default=0)
