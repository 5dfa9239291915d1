import numpy as np
from sklearn import datasets

np.random.seed(0)
X, y = datasets.make_circles(200, noise=0.10, factor=0.4)
num_examples = len(X)
input_dim = 2
output_dim = 2

epsilon = 0.05      # learning rate
reg_lambda = 0.01   # regularization strength


def probabilities(model, data):
    W1, b1, W2, b2 = model['W1'], model['b1'], model['W2'], model['b2']
    a1 = np.tanh(data.dot(W1) + b1)
    z2 = a1.dot(W2) + b2
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), a1


def calculate_loss(model):
    probs, _ = probabilities(model, X)
    data_loss = -np.log(probs[range(num_examples), y]).sum()
    data_loss += reg_lambda / 2 * (np.sum(model['W1'] ** 2) + np.sum(model['W2'] ** 2))
    return 1. / num_examples * data_loss


def gradients(model):
    probs, a1 = probabilities(model, X)
    delta3 = probs
    delta3[range(num_examples), y] -= 1
    delta3 = delta3 / num_examples
    dW2 = a1.T.dot(delta3) + reg_lambda / num_examples * model['W2']
    db2 = delta3.sum(axis=0, keepdims=True)
    delta2 = delta3.dot(model['W2'].T) * (1 - a1 ** 2)
    dW1 = X.T.dot(delta2) + reg_lambda / num_examples * model['W1']
    db1 = delta2.sum(axis=0, keepdims=True)
    return {'W1': dW1, 'b1': db1, 'W2': dW2, 'b2': db2}


def build_model(nn_hdim, num_passes=20000):
    model = {'W1': np.random.randn(input_dim, nn_hdim) / np.sqrt(input_dim),
             'b1': np.zeros((1, nn_hdim)),
             'W2': np.random.randn(nn_hdim, output_dim) / np.sqrt(nn_hdim),
             'b2': np.zeros((1, output_dim))}
    for i in range(num_passes):
        g = gradients(model)
        for name in model:
            model[name] -= epsilon * g[name]
        if i % 1000 == 0:
            print("Loss after iteration %i: %f" % (i, calculate_loss(model)))
    return model


if __name__ == '__main__':
    build_model(3)
