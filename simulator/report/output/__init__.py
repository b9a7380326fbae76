"""Where results go: the folder, its manifest, a warehouse."""
