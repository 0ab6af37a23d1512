"""A table in DynamoDB, which serves lanes and codes by time, and single jobs."""
