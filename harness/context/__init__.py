"""Language models in context: how many counterexamples among 32 demonstrations a model needs."""
