"""Parts shared by the scenarios: open arrivals, exact counts per slice, the load stream, faults on the load.

They are not modules beside the locustfiles because locust puts the folder of a locustfile first on `sys.path`, where a
module named `http` would hide the standard library's.
"""
