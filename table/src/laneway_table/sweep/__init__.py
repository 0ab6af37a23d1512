"""The table compared with the results in S3, and mended."""
