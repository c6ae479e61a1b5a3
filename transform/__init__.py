"""The compiler: one module per step, and the intermediate representation that they share."""
