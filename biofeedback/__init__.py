"""The movement and the heartbeat of a person become music, live."""

__version__ = "0.1.0"
