import numpy as np
import matplotlib.pyplot as plt

# maximum likelihood for logistic regression: climb the log-likelihood

def sigmoid(scores):
    return 1 / (1 + np.exp(-scores))

def log_likelihood(features, target, weights):
    scores = np.dot(features, weights)
    ll = np.sum(target * scores - np.log(1 + np.exp(scores)))
    return ll

def logistic_regression(features, target, num_steps, learning_rate, add_intercept=False):
    if add_intercept:
        intercept = np.ones((features.shape[0], 1))
        features = np.hstack((intercept, features))

    weights = np.zeros(features.shape[1])

    for step in range(num_steps):
        scores = np.dot(features, weights)
        predictions = sigmoid(scores)

        output_error_signal = target - predictions
        gradient = np.dot(features.T, output_error_signal)
        weights += learning_rate * gradient

        if step % 10000 == 0:
            print(log_likelihood(features, target, weights))

    return weights

if __name__ == "__main__":
    np.random.seed(12)
    num = 500
    a = np.random.multivariate_normal([0, 0], [[1, .75], [.75, 1]], num)
    b = np.random.multivariate_normal([1, 4], [[1, .75], [.75, 1]], num)
    feats = np.vstack((a, b)).astype(np.float32)
    labels = np.hstack((np.zeros(num), np.ones(num)))
    w = logistic_regression(feats, labels, num_steps=50000, learning_rate=5e-5, add_intercept=True)
    plt.scatter(feats[:, 0], feats[:, 1], c=labels, alpha=.4)
    plt.show()
