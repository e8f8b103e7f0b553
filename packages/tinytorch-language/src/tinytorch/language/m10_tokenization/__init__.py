"""Text to numbers and back: characters, byte pairs, word pieces."""
