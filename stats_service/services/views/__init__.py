"""Views in: what is counted of each, its way to Redis or the disk, and the numbers in its answer."""
