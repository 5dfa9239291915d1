# Logistic regression one record at a time; the class stands at the end of each record
from csv import reader
from math import exp


def read_records(path):
    with open(path) as handle:
        return [[float(cell) for cell in row] for row in reader(handle) if row]


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
                coefs[place + 1] += rate * miss * record[place]
    return coefs


if __name__ == "__main__":
    print(fit(read_records("voters.csv"), 0.05, 200))
