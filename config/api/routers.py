"""Router of all apps: no trailing slashes, and ids by path converters, so that an impossible id is a 404."""

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """DRF's router for our paths."""

    def __init__(self) -> None:
        super().__init__(trailing_slash=False, use_regex_path=False)
