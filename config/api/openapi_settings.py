"""Settings of drf-spectacular, which makes the OpenAPI schema. None of them is read from the environment."""

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
        "DeliveredCustomers": "inflight.models.Delivery.Only",
        "DeliveryStatus": "inflight.models.Delivery.Status",
        "BatchStatus": "inflight.models.DeliveryBatch.Status",
        "HealthStatus": ["ok", "down"],
        "ProductRegistration": "catalog.models.Product.Registration",
        "JobStatus": "compute.models.Job.Status",
        "FileFormat": "compute.api.serializers.FORMATS",
    },
}
