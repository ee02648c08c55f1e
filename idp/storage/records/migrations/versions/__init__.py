"""The steps, in the order their numbers say. A step that has been released never changes."""
