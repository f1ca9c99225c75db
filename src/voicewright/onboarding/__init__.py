"""Voices of the people who use an application, each made in one call, in the account of the application."""
