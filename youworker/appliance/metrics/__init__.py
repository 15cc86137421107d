"""The figures of the installation, as Prometheus asks for them."""
