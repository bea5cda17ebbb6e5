"""Translating pictures from one world to another."""
