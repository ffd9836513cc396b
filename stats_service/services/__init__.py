"""The rules of counting, voting and rating. Imports neither flask nor redis.

A service takes time, visitor and site as arguments, asks the store one question, and returns
frozen models. What could race is settled in Lua, in the store; what concerns HTTP is in `web`.
"""
