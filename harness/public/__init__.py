"""Packages that users import under short names: each folder `x` is installed as `spurgen.x` too."""
