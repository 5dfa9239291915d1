import numpy as np

def sigmoid(x):
    return 1.0/(1.0 + np.exp(-x))

def sigmoid_prime(x):
    return sigmoid(x)*(1.0 - sigmoid(x))

#Input datasets
inputs = np.array([[0,0],[0,1],[1,0],[1,1]])
expected_output = np.array([[0],[1],[1],[0]])

epochs = 10000
lr = 0.1

#Random weights and bias initialization
hidden_weights = np.random.uniform(size=(2,2))
hidden_bias = np.random.uniform(size=(1,2))
output_weights = np.random.uniform(size=(2,1))
output_bias = np.random.uniform(size=(1,1))

for _ in range(epochs):
	#Forward Propagation
	hidden_layer_output = sigmoid(np.dot(inputs, hidden_weights) + hidden_bias)
	predicted_output = sigmoid(np.dot(hidden_layer_output, output_weights) + output_bias)

	#Backpropagation
	error = expected_output - predicted_output
	d_predicted_output = error * sigmoid_prime(predicted_output)
	d_hidden_layer = d_predicted_output.dot(output_weights.T) * sigmoid_prime(hidden_layer_output)

	#Updating Weights and Biases
	output_weights += hidden_layer_output.T.dot(d_predicted_output) * lr
	output_bias += np.sum(d_predicted_output, axis=0, keepdims=True) * lr
	hidden_weights += inputs.T.dot(d_hidden_layer) * lr
	hidden_bias += np.sum(d_hidden_layer, axis=0, keepdims=True) * lr

print("Output from neural network after 10,000 epochs: ")
print(*predicted_output)
