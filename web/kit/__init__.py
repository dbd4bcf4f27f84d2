"""What every screen is made of: words, formats, filters, the guard, and how a refusal is told."""
