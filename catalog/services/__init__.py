"""What the catalogue does: products, their registration, and what the offers service says about them."""
