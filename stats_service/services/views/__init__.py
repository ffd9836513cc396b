"""Views in: what is counted of each, its way to Redis or the disk, the numbers in its answer."""
