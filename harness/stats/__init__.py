"""Statistics of verdicts: e-processes, variance inflation, confidence intervals and histograms.

Pure mathematics that imports nothing else of this project. An arrival is one request, good or bad; θ is the fraction of
bad arrivals that an objective allows; α is the probability of a wrong decision. docs/explanation/verdicts.md describes
how they work together.
"""
