"""The scenarios under locust: a user class that makes the same arrivals under gevent, and what a master shares out."""
