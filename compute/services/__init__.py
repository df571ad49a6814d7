"""What compute does: keep files, take in and settle jobs."""
