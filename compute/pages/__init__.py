"""Pages of compute. They use sessions instead of tokens, and the same services as the API.

To look needs the permission compute.view_job, to upload and to run compute.add_job, to cancel compute.cancel_jobs.
"""
