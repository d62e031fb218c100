"""Extensions that have a state, one module each, and the observer that feeds them."""
