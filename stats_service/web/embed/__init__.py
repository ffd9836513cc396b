"""What portals embed: the script and its widgets, the badges and the pixel.

`src` holds the sources, `dist` the built files, frozen once released. See docs/embed.md.
"""
