"""The corpus: functions as a NumPy user writes them, and what they are differentiated with respect to."""
