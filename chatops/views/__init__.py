"""What people see: pages and messages, rendered from what is known, never deciding anything."""
