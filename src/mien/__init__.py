"""mien measures expression in faces, voices and texts, on your own machine."""
