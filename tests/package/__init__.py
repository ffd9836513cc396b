"""Tests of what is handed out: the wheel and the source distribution."""
