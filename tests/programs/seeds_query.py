import numpy as np

# Net without biases for the 'wheat seeds' set. Squared error.

def sig(z):
    return 1/(1+np.exp(-z))

class Seeds:
    def __init__(self, n_in, n_hid, n_out):
        self.w_ih = np.random.normal(0.0, n_in**-0.5, (n_hid, n_in))
        self.w_ho = np.random.normal(0.0, n_hid**-0.5, (n_out, n_hid))
        self.lr = 0.3

    def query(self, inputs):
        hidden = sig(np.dot(self.w_ih, inputs))
        final = sig(np.dot(self.w_ho, hidden))
        return hidden, final

    def error(self, inputs, targets):
        return 0.5*np.sum((targets - self.query(inputs)[1])**2)

    def train(self, inputs_list, targets_list):
        # one record at a time, as column vectors
        inputs = np.array(inputs_list, ndmin=2).T
        targets = np.array(targets_list, ndmin=2).T
        hidden, final = self.query(inputs)
        output_errors = (targets - final)*final*(1 - final)
        hidden_errors = np.dot(self.w_ho.T, output_errors)
        self.w_ho += self.lr*np.dot(output_errors, hidden.T)
        self.w_ih += self.lr*np.dot(hidden_errors, inputs.T)

if __name__ == '__main__':
    net = Seeds(7, 12, 3)
    with open('seeds_dataset.txt') as f:
        records = [line.split() for line in f]
    for e in range(20):
        for r in records:
            x = np.asarray(r[:-1], dtype=float)/20
            t = np.zeros(3) + 0.01
            t[int(r[-1]) - 1] = 0.99
            net.train(x, t)
    print('trained')
