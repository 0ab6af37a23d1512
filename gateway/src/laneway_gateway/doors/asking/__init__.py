"""What a request says before there is a job: who asks, how, and with which body."""
