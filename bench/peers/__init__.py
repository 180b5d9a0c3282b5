"""What the product is measured beside, each a process of its own: `python -m bench.peers NAME DATABASE PORT`."""
