"""All settings, and the only reader of the environment. docs/configuration.md lists every variable (a test compares)."""

import os
import sys
from pathlib import Path
from urllib.parse import unquote

import django_stubs_ext
import environ
from django.templatetags.static import static

from config.core.generated_secrets import read_or_generate_secret

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"  # what a running Apron writes: the SQLite database, made secrets
VAR_DIR.mkdir(exist_ok=True)

env = environ.Env()

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
PORT = env.int("PORT", default=3100)

HTTPS_ONLY = env.bool("HTTPS_ONLY", default=False)  # behind a proxy that ends TLS and sets X-Forwarded-Proto
if HTTPS_ONLY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(api/)?health$"]  # probes come from inside, without TLS
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
CSRF_FAILURE_VIEW = "config.api.problems.csrf_failure"
# A form with files brings a handler of its own; to any other one nobody uploads the disk full.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes; also the largest JSON body a view takes unless it says otherwise

# --- Database ------------------------------------------------------------------------------------------------------
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
    _database.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 16, "timeout": 5}  # beside ?sslmode=...
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

# --- inflight ------------------------------------------------------------------------------------------------------
_roots = env.str("IMPORT_ROOTS", default=os.pathsep.join([str(BASE_DIR / "sample_data"), "/opt/custexport"]))
IMPORT_ROOTS = [Path(root) for root in _roots.split(os.pathsep) if root]
IMPORT_UPLOADS = env.str("IMPORT_UPLOADS", default=str(VAR_DIR / "uploads"))
IMPORT_MAX_UPLOAD = env.int("IMPORT_MAX_UPLOAD", default=1024**3)  # bytes, of both files together
IMPORT_INBOX = env.str("IMPORT_INBOX", default="")
IMPORT_INBOX_PATTERN = env.str("IMPORT_INBOX_PATTERN", default="*customers*.csv*")
IMPORT_THEN_SEND = env.str("IMPORT_THEN_SEND", default="")  # changed, or nothing
CUSTOMERS_API_URL = env.str("CUSTOMERS_API_URL", default="https://mockapi.example.com/v1/customers")
CURRENCY_NAMES = {"USD": "dollars", "EUR": "euros"} | env.dict("CURRENCY_NAMES", default={})
DELIVERY_BATCH_SIZE = env.int("DELIVERY_BATCH_SIZE", default=500)
DELIVERY_SCHEDULE = env.list("DELIVERY_SCHEDULE", cast=float, default=[5, 300, 1800, 7200, 18000, 36000, 36000])
DELIVERY_GZIP = env.bool("DELIVERY_GZIP", default=False)
DELIVERY_RETENTION_DAYS = env.int("DELIVERY_RETENTION_DAYS", default=30)
SEND_BUDGET_SECONDS = env.float("SEND_BUDGET_SECONDS", default=20)

# --- catalog -------------------------------------------------------------------------------------------------------
OFFERS_BASE_URL = env.str("OFFERS_BASE_URL", default="https://applifting-python-exercise-ms.herokuapp.com/api/v1")
OFFERS_REFRESH_TOKEN = env.str("OFFERS_REFRESH_TOKEN", default="")  # set: today's profile; unset: the documented one
REFRESH_CONCURRENCY = env.int("REFRESH_CONCURRENCY", default=16)
HISTORY_RETENTION_DAYS = env.int("HISTORY_RETENTION_DAYS", default=365)

# --- metadata_registry ---------------------------------------------------------------------------------------------
METADATA_RETENTION_DAYS = env.int("METADATA_RETENTION_DAYS", default=30)

# --- ingest --------------------------------------------------------------------------------------------------------
KAFKA_BOOTSTRAP_SERVERS = env.list("KAFKA_BOOTSTRAP_SERVERS", default=["127.0.0.1:9092"])
KAFKA_TOPIC = env.str("KAFKA_TOPIC", default="data_topic")
KAFKA_KEY = env.str("KAFKA_KEY", default="data_entry")  # one partition, one order; entry-id: all partitions
KAFKA_ACK_SECONDS = env.float("KAFKA_ACK_SECONDS", default=2)
KAFKA_SECURITY_PROTOCOL = env.str("KAFKA_SECURITY_PROTOCOL", default="PLAINTEXT")
KAFKA_SASL_MECHANISM = env.str("KAFKA_SASL_MECHANISM", default="")
KAFKA_SASL_USERNAME = env.str("KAFKA_SASL_USERNAME", default="")
KAFKA_SASL_PASSWORD = env.str("KAFKA_SASL_PASSWORD", default="")
KAFKA_SSL_CAFILE = env.str("KAFKA_SSL_CAFILE", default="")
KAFKA_SSL_CERTFILE = env.str("KAFKA_SSL_CERTFILE", default="")
KAFKA_SSL_KEYFILE = env.str("KAFKA_SSL_KEYFILE", default="")
INGEST_BULK_LIMIT = env.int("INGEST_BULK_LIMIT", default=10_000)
INGEST_BACKLOG_LIMIT = env.int("INGEST_BACKLOG_LIMIT", default=100_000)
INGEST_MAX_BYTES = env.int("INGEST_MAX_BYTES", default=900_000)  # of one content as JSON; Kafka's own limit is 1 MB
# --- compute -------------------------------------------------------------------------------------------------------
COMPUTE_ROOT = env.str("COMPUTE_ROOT", default=str(VAR_DIR / "compute"))
COMPUTE_ENGINE = env.str("COMPUTE_ENGINE", default="duckdb")
COMPUTE_CONCURRENCY = env.int("COMPUTE_CONCURRENCY", default=2)
COMPUTE_THREADS = env.int("COMPUTE_THREADS", default=os.cpu_count() or 1)
COMPUTE_MEMORY_LIMIT = env.int("COMPUTE_MEMORY_LIMIT", default=512 * 1024**2)  # bytes, each job
COMPUTE_TIMEOUT_SECONDS = env.float("COMPUTE_TIMEOUT_SECONDS", default=600)
COMPUTE_WAIT_SECONDS = env.float("COMPUTE_WAIT_SECONDS", default=30)
COMPUTE_WAITERS = env.int("COMPUTE_WAITERS", default=12)  # of the 16 threads that a web process has
COMPUTE_QUEUE_LIMIT = env.int("COMPUTE_QUEUE_LIMIT", default=1000)
COMPUTE_MAX_UPLOAD = env.int("COMPUTE_MAX_UPLOAD", default=5 * 1024**3)  # bytes
COMPUTE_MAX_RESULT = env.int("COMPUTE_MAX_RESULT", default=20 * 1024**3)  # bytes, also of what a job keeps aside
SPARK_REMOTE = env.str("SPARK_REMOTE", default="")
JAVA_HOME = env.str("JAVA_HOME", default="")  # read by Spark itself
SPARK_MASTER = env.str("SPARK_MASTER", default="local[*]")
RESULT_RETENTION_DAYS = env.int("RESULT_RETENTION_DAYS", default=30)

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
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "config.core.logging.RequestIdMiddleware",
    "config.pages.csp.ContentSecurityPolicyMiddleware",
    "config.api.problems.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "config.core.formats"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"  # made by collectstatic, in the image; not needed on a desk
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
    "SITE_SUBHEADER": "The ground side of in-flight retail",
    "SITE_SYMBOL": "connecting_airports",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/static/apron/mark.svg"}],
    "STYLES": [lambda _: static("apron/admin.css")],
    "SCRIPTS": [lambda _: static("apron/admin.js")],
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
SPECTACULAR_SETTINGS = {
    "TITLE": "Apron",
    "DESCRIPTION": "The ground side of in-flight retail.",
    "VERSION": "0.1.0",
    "PREPROCESSING_HOOKS": ["config.api.openapi.only_prefixed"],
    "SERVERS": [{"url": "/", "description": "this server"}],
    "TAGS": [
        {"name": "inflight", "description": "Customers and purchases: imports, and deliveries to the partner."},
        {"name": "catalog", "description": "Products, what shops ask for them, and how prices moved."},
        {"name": "metadata_registry", "description": "What tells the data platform what to run."},
        {"name": "ingest", "description": "JSON that is kept and published to Kafka."},
        {"name": "compute", "description": "Operations over files. All of it needs a token."},
        {"name": "health", "description": "Whether the server and its parts do their work."},
    ],
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "ImportStatus": "inflight.models.ImportRun.Status",
        "DeliveryStatus": "inflight.models.Delivery.Status",
        "BatchStatus": "inflight.models.DeliveryBatch.Status",
        "HealthStatus": ["ok", "down"],
        "ProductRegistration": "catalog.models.Product.Registration",
        "JobStatus": "compute.models.Job.Status",
        "FileFormat": "compute.api.serializers.FORMATS",
    },
}

# --- Logs ----------------------------------------------------------------------------------------------------------
LOG_FORMAT = env.str("LOG_FORMAT", default="text" if sys.stderr.isatty() else "json")  # text | json
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "config.core.logging.RequestIdFilter"}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.orjson.OrjsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
        "text": {"format": "%(asctime)s %(levelname)-7s %(name)s [%(request_id)s] %(message)s"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "json" if LOG_FORMAT == "json" else "text",
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"level": "ERROR"},  # 4xx are the client's business; 5xx are logged with their traceback
        "kafka": {"level": "CRITICAL"},  # a dozen lines per failed attempt; ingest.publisher says it in one
        "watchfiles": {"level": "WARNING"},  # a line for each file that comes
        "django-q": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}
