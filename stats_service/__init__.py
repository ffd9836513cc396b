"""Count a portal's visits and article views; record its poll votes and ratings.

Layers, each importing only what stands below it::

    app, cli        wire everything together
    web             HTTP only
    services        the rules; imports neither flask nor redis
    store           the only package that imports redis
    models, config, clock, errors    leaves
"""

__version__ = "0.1.0"
