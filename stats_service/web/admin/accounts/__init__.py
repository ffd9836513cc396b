"""Admin pages about people: sign-in, accounts, tokens, the log."""
