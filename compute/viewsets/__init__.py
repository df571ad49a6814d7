"""The API of compute."""

from compute.viewsets.files import FileViewSet
from compute.viewsets.jobs import JobViewSet

__all__ = ["FileViewSet", "JobViewSet"]
