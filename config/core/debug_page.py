"""What Django's page about an error hides, beyond passwords, keys and tokens, which it hides by itself."""

import re

from django.views.debug import SafeExceptionReporterFilter


class ExceptionReporterFilter(SafeExceptionReporterFilter):
    """Hide addresses that hold a password (of proxies, of the database, of Sentry) and the headers to a collector."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|PROXY|DATABASE_URL|HEADERS|DSN", re.IGNORECASE
    )
