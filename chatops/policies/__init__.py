"""Standing rules: whenever this is seen, ask for that. One file per rule."""
