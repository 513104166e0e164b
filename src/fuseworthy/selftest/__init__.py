"""Does the verdict keep its promises? Made data with a known truth, closed-form learners, the real verdict, many times."""
