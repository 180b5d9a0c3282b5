"""What the clock asks for: each a look every so often at what nobody sends an event about. One file per round."""
