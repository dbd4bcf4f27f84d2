"""The Flask blueprint of the desk's views."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("desk", __name__)
