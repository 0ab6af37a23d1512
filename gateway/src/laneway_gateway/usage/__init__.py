"""What keys with a quota have used: counted here, told to the other gateways, and bounded."""
