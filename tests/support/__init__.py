"""What tests share: private services, one file each, a clock that stands still and randomness that repeats."""
