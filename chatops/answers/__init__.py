"""Questions that take several read models to answer."""
