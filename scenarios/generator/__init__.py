"""What the locustfiles share: open arrivals, exact counts by second, the stream to the harness, faults on the load.

It is a package of its own because locust puts the folder of a locustfile first on `sys.path`, where a module called
`http` would hide the standard library's.
"""
