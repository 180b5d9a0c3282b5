"""Facts from outside: translators, and the roads that are not webhooks."""
