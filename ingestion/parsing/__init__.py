"""Turning a file into text and passages; knows neither Django nor the database."""
