"""What we do to the world: one file per effect, each one call and one outcome."""
