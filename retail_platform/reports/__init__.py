"""What is told of a period: the printable report and the summary in the Dagster UI, as text.

Pure: frames and dates in, text out. Where it is kept, served or shown is the business of whoever asks.
"""
