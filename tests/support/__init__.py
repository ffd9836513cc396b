"""What the tests share: a clock, servers, small helpers."""
