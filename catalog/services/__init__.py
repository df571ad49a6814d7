"""Services of the catalogue: products, registration, refreshing offers, history."""
