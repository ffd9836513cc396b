"""The values that the layers exchange: frozen, without behaviour that needs I/O."""
