"""What somebody uses of the installation, and what is left."""
