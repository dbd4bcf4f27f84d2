"""What a moderator does with citizens' words."""
