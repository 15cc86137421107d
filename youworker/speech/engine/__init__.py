"""The process that decodes, hears and speaks. It knows no Django and no secrets."""
