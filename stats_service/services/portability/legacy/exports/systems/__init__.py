"""What the tables of each system mean, a module for each; `plain` is of tables of no system."""
