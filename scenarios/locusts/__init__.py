"""Run scenarios in locust: a user class with the same arrivals on gevent, and the plan that a master distributes."""
