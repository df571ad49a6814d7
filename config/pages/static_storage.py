"""Static files with a hash in their names once `collectstatic` has run, and plain names before."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedOnceCollected(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Works before `collectstatic`, as in development, and after it, with one setting."""

    support_js_module_import_aggregation = True  # a module that imports another asks for it by its hashed name, too

    def stored_name(self, name: str) -> str:
        """Return the name to ask for."""
        return str(self.hashed_files.get(self.hash_key(name), name))
