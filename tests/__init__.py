"""What the product promises, told room by room; see CONTRIBUTING.md for the kinds of test."""
