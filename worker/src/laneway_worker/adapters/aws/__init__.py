"""AWS over boto3: the queue, objects, notifications, and rights that are tried."""
