"""How requests come in and answers go out: granian, and a layer that gives a thread only to a request that is all here.

`python -m config.server` takes granian's options. Decision 0073.
"""
