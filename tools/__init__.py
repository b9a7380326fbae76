"""Programs of this repository that are not installed with the package."""
