"""Grading a class: submissions that nobody trusts in, points and feedback out.

What a student handed in is collected as plain data, judged in isolation against the same secret
cases as everybody else's, and handed back in the files that the platform it came from imports.
"""
