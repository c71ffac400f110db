"""The live channel: a process of its own that tells open dashboards what changed, by server-sent events.

Web requests are threads with one transaction each, so none may stay open; here a thousand connections wait in one
loop and share one connection that listens to the database. What is read is read by `reading`, in short transactions
of two threads. Without this process pages ask every two seconds instead.
"""
