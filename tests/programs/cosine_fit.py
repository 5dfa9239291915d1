import numpy as np
import sys

np.random.seed(123)

def f(x):
	return np.tanh(x)

def df(a):
	return 1 - a**2

class Mlp:
	def __init__(self, n_in, n_hid, n_out):
		self.V = np.random.rand(n_hid, n_in) - .5
		self.bv = np.zeros((n_hid, 1))
		self.W = np.random.rand(n_out, n_hid) - .5
		self.bw = np.zeros((n_out, 1))

	def run(self, X):
		self.h = f(self.V.dot(X) + self.bv)
		self.o = self.W.dot(self.h) + self.bw
		return self.o

	def cost(self, X, T):
		# mean squared error with the usual 1/2
		return 0.5*np.sum((self.run(X) - T)**2)/X.shape[1]

	def step(self, X, T, lr):
		m = X.shape[1]
		e = T - self.run(X)
		eh = self.W.T.dot(e)*df(self.h)
		self.W += lr*e.dot(self.h.T)/m
		self.bw += lr*e.sum(axis=1, keepdims=True)/m
		self.V += lr*eh.dot(X.T)/m
		self.bv -= lr*eh.sum(axis=1, keepdims=True)/m

if __name__ == '__main__':
	X = np.linspace(0, 1, 50).reshape(1, -1)
	T = np.cos(2*np.pi*X)
	net = Mlp(1, 12, 1)
	for i in range(10000):
		net.step(X, T, .2)
		if i % 1000 == 0:
			sys.stdout.write("%5d %.5f\n" % (i, net.cost(X, T)))
