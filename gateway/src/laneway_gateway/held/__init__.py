"""Requests that wait for their jobs' results: taken, joined, told, left. It implements `laneway_gateway.desk`."""
