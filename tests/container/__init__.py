"""The containers, built and run by a real engine."""
