"""Pretend outside worlds: servers that keep state and speak the real protocols."""
