"""Static files with a hash in their names once `collectstatic` has run, and plain names before."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedOnceCollected(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Needs no collecting on a desk, and no changed setting where it was done."""

    def stored_name(self, name: str) -> str:
        """Return the name to ask for."""
        return str(self.hashed_files.get(self.hash_key(name), name))
