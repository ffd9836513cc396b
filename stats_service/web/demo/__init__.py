"""The demo portal: the pages of a fictional district, which embed the service as any portal would.

Served below `/demo/` where the settings ask for it. Its pages are static but for the numbers,
which come from the service through the snippet.
"""
