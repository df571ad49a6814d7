"""The explorer: a file's page, with its columns, its rows, a question and the answer. All that it shows is in its address."""
