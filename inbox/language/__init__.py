"""Turkish text: folding, suffixes, salutations, templates, tone and personal data. Pure functions."""
