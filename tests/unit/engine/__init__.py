"""What the engine room does when the engine is slow, ill or away; on the fake one only."""
