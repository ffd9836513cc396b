"""HTTP, and nothing else: requests in, responses out.

Reads the request, asks one service, writes the response. What needs no HTTP belongs into
`services`; web never imports the store.
"""
