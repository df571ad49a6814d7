"""Compute for people: sessions instead of tokens, pages instead of documents, the same services behind both.

To look needs the permission compute.view_job, to upload and to run compute.add_job, to cancel compute.cancel_jobs.
"""
