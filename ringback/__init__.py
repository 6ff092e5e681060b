"""The core of Ringback: calls, cases, lines, flows, callbacks, figures.

Pure: no input or output, and it imports nothing of ours.
"""
