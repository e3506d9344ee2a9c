"""Invented data to show, test and measure the project with."""
