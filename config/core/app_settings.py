"""Settings of the apps. docs/configuration.md lists every variable (a test compares)."""

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"  # what a running Apron writes: the SQLite database, made secrets
VAR_DIR.mkdir(exist_ok=True)

env = environ.FileAwareEnv()  # NAME_FILE names a file that holds NAME

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
ATTEMPT_RETENTION_DAYS = env.int("ATTEMPT_RETENTION_DAYS", default=90)
CUSTOMER_RETENTION_DAYS = env.int("CUSTOMER_RETENTION_DAYS", default=0)  # 0: until they are erased
REJECT_RETENTION_DAYS = env.int("REJECT_RETENTION_DAYS", default=90)
UPLOAD_RETENTION_DAYS = env.int("UPLOAD_RETENTION_DAYS", default=1)
PARTNER_ACCEPTS = env.list("PARTNER_ACCEPTS", default=["application/json", "application/*+json"])
PARTNER_WINDOW = env.int("PARTNER_WINDOW", default=1)
SEND_BUDGET_SECONDS = env.float("SEND_BUDGET_SECONDS", default=20)
PARTNER_AUTH = env.str("PARTNER_AUTH", default="none")  # none | bearer | api_key | basic | oauth2
PARTNER_TOKEN = env.str("PARTNER_TOKEN", default="").strip()  # a file's last line ends with a line break
PARTNER_API_KEY_HEADER = env.str("PARTNER_API_KEY_HEADER", default="X-API-Key")
PARTNER_USERNAME = env.str("PARTNER_USERNAME", default="").strip()
PARTNER_PASSWORD = env.str("PARTNER_PASSWORD", default="").strip()
PARTNER_TOKEN_URL = env.str("PARTNER_TOKEN_URL", default="")
PARTNER_CLIENT_ID = env.str("PARTNER_CLIENT_ID", default="").strip()
PARTNER_CLIENT_SECRET = env.str("PARTNER_CLIENT_SECRET", default="").strip()
PARTNER_SCOPE = env.str("PARTNER_SCOPE", default="")
PARTNER_WEBHOOK_SECRETS = [secret.strip() for secret in env.list("PARTNER_WEBHOOK_SECRETS", default=[])]
PARTNER_CLIENT_CERT = env.str("PARTNER_CLIENT_CERT", default="")
PARTNER_CLIENT_KEY = env.str("PARTNER_CLIENT_KEY", default="")
PARTNER_CA = env.str("PARTNER_CA", default="")
PARTNER_PROXY = env.str("PARTNER_PROXY", default="").strip()

# --- catalog -------------------------------------------------------------------------------------------------------
OFFERS_BASE_URL = env.str("OFFERS_BASE_URL", default="https://applifting-python-exercise-ms.herokuapp.com/api/v1")
OFFERS_REFRESH_TOKEN = env.str("OFFERS_REFRESH_TOKEN", default="")  # set: today's profile; unset: the documented one
OFFERS_CLIENT_CERT = env.str("OFFERS_CLIENT_CERT", default="")
OFFERS_CLIENT_KEY = env.str("OFFERS_CLIENT_KEY", default="")
OFFERS_CA = env.str("OFFERS_CA", default="")
OFFERS_PROXY = env.str("OFFERS_PROXY", default="").strip()
REFRESH_CONCURRENCY = env.int("REFRESH_CONCURRENCY", default=16)
HISTORY_RETENTION_DAYS = env.int("HISTORY_RETENTION_DAYS", default=365)

# --- metadata_registry ---------------------------------------------------------------------------------------------
METADATA_RETENTION_DAYS = env.int("METADATA_RETENTION_DAYS", default=30)

# --- ingest --------------------------------------------------------------------------------------------------------
KAFKA_BOOTSTRAP_SERVERS = env.list("KAFKA_BOOTSTRAP_SERVERS", default=["127.0.0.1:9092"])
KAFKA_CLIENT = env.str("KAFKA_CLIENT", default="kafka-python")  # or librdkafka, an extra
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
INGEST_MAX_STREAM = env.int("INGEST_MAX_STREAM", default=100 * 1024**3)  # bytes of a body of lines, also unpacked
INGEST_RETENTION_DAYS = env.int("INGEST_RETENTION_DAYS", default=0)  # of published entries; 0: for ever
# --- compute -------------------------------------------------------------------------------------------------------
COMPUTE_ROOT = env.str("COMPUTE_ROOT", default=str(VAR_DIR / "compute"))
# What drivers of object stores find in the environment by themselves, for the checks at the start.
STORE_SECRETS = {name: value for name, value in os.environ.items() if name.startswith(("AZURE_STORAGE_", "FSSPEC_"))}
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
SPARK_CONF = env.str("SPARK_CONF", default="")  # spark.name=value, as many as there are, with blanks between
SPARK_WAIT_SECONDS = env.float("SPARK_WAIT_SECONDS", default=120)  # of a job without any executor
RESULT_RETENTION_DAYS = env.int("RESULT_RETENTION_DAYS", default=30)
# --- Bodies of more than a few megabytes --------------------------------------------------------------------------------
UPLOAD_PATHS = {  # how a path begins, behind /api, that takes them: with as many bytes
    "/imports": IMPORT_MAX_UPLOAD,
    "/product-imports": IMPORT_MAX_UPLOAD,
    "/admin/inflight/importrun/import_files/": IMPORT_MAX_UPLOAD,
    "/admin/catalog/productimport/import_files/": IMPORT_MAX_UPLOAD,
    "/compute/files": COMPUTE_MAX_UPLOAD,
    "/workbench/upload": COMPUTE_MAX_UPLOAD,
}
STREAM_PATHS = {"/data": ("application/x-ndjson", INGEST_MAX_STREAM)}  # the same, where a body is of this type
