"""What carries an edit through a clip: one interface, and the engines behind it."""
