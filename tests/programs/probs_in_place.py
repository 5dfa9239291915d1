import numpy as np


class TwoLayerNet(object):
	def __init__(self, n_in, n_hidden, n_out, std):
		self.W1 = std * np.random.randn(n_in, n_hidden)
		self.b1 = np.zeros(n_hidden)
		self.W2 = std * np.random.randn(n_hidden, n_out)
		self.b2 = np.zeros(n_out)

	def loss(self, X, y, reg):
		N = X.shape[0]
		hidden = np.maximum(0, X.dot(self.W1) + self.b1)
		scores = hidden.dot(self.W2) + self.b2
		probs = np.exp(scores - scores.max(axis=1, keepdims=True))
		probs /= probs.sum(axis=1, keepdims=True)
		loss = -np.log(probs[range(N), y]).sum() / N
		loss += 0.5 * reg * (np.sum(self.W1 ** 2) + np.sum(self.W2 ** 2))
		probs[range(N), y] -= 1
		probs /= N
		self.dW2 = hidden.T.dot(probs) + reg * self.W2
		self.db2 = probs.sum(axis=0)
		back = probs.dot(self.W2.T)
		back[hidden <= 0] = 0
		self.dW1 = X.T.dot(back) + 2 * reg * self.W1
		self.db1 = back.sum(axis=0)
		return loss

	def train(self, X, y, learning_rate=1e-2, reg=1e-4, num_iters=200):
		for it in range(num_iters):
			loss = self.loss(X, y, reg)
			self.W1 -= learning_rate * self.dW1
			self.b1 -= learning_rate * self.db1
			self.W2 -= learning_rate * self.dW2
			self.b2 -= learning_rate * self.db2
