"""How lanes stand: for people on call, and for whoever sends."""
