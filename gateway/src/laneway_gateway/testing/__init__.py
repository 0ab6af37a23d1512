"""In-memory stand-ins for what the gateway's parts ask of one another, and of AWS."""
