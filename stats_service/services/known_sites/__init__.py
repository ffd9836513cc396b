"""Sites as requests of readers need them: read once, kept for seconds."""
