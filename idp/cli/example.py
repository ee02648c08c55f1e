"""How a verb's help shows its use."""


def example(*lines: str) -> str:
    """An epilog that stays as it is written."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)
