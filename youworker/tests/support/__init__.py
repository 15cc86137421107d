"""What the tests of all apps stand on; never imported by the product."""
