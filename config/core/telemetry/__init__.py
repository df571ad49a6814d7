"""Traces by OpenTelemetry and errors by Sentry, for those who ask for them (docs/decisions/0077)."""
