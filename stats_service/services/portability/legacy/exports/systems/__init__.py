"""How to read the tables of each system, a module for each; `plain` reads all other tables."""
