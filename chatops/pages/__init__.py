"""The pages of the dashboard: each is a module with a `View`, and found by being there."""
