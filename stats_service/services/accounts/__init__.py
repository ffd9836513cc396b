"""Who administers: accounts, sign-in, second factor, tokens, the audit log."""
