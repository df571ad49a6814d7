"""The HTTP face of compute: parse, call one service, serialize."""
