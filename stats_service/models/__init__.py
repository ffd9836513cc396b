"""What the layers hand to each other: frozen values without behaviour that needs I/O."""
