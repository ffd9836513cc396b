"""Administrators: accounts, sign-in, second factor, tokens, the audit log."""
