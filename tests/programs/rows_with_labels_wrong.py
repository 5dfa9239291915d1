# Logistic regression one record at a time; the class stands at the end of each record
from math import exp


def probability(record, coefs):
    total = coefs[0]
    for place in range(len(record) - 1):
        total += coefs[place + 1] * record[place]
    return 1.0 / (1.0 + exp(-total))


def fit(records, rate, n_epochs):
    coefs = [0.0 for _ in range(len(records[0]))]
    for epoch in range(n_epochs):
        for record in records:
            miss = record[-1] - probability(record, coefs)
            coefs[0] += rate * miss
            for place in range(len(record) - 1):
                coefs[place] += rate * miss * record[place]
    return coefs


print(fit([[2.1, 0.4, 1], [0.3, 1.9, 0], [1.5, 0.2, 1]], 0.05, 200))
