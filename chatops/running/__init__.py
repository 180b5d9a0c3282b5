"""What an operator does with the product, beyond serving it: one file per verb of the command line."""
