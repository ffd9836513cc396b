"""What is kept in Redis, and how: the only package that imports redis.

`keys` spells every key and documents the data layout; `scripts` loads the Lua files; then one
class per noun. What could race is one Lua script. Imports nothing from services or web.
"""
