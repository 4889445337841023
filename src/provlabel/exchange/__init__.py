"""The label in other people's documents: DDEX messages, CSV, JSON Lines, deliveries."""
