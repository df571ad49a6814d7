"""How a file is read: detect what it is, or be told, and bring what engines do not read into a form that they do."""
