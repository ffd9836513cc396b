"""Measured comparisons, each with its method: docs/performance.md tells what they mean."""
