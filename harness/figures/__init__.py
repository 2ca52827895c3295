"""Figures and tables for papers: functions that return matplotlib figures and LaTeX text."""
