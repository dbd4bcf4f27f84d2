"""Proposes a message's intent, urgency, unit, category and neighbourhood; a person decides."""
