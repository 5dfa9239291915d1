# A network from a list that says what each layer is
import numpy as np

LAYERS = [
    {"inputs": 3, "outputs": 8, "kind": "relu"},
    {"inputs": 8, "outputs": 1, "kind": "sigmoid"},
]


def draw(layers, seed=7):
    np.random.seed(seed)
    values = {}
    for number, layer in enumerate(layers, 1):
        values[f"W{number}"] = 0.2 * np.random.randn(layer["outputs"], layer["inputs"])
        values[f"b{number}"] = 0.2 * np.random.randn(layer["outputs"], 1)
    return values


def g(z, kind):
    return np.maximum(z, 0) if kind == "relu" else 1 / (1 + np.exp(-z))


def g_back(da, z, kind):
    if kind == "relu":
        return da * (z > 0)
    s = g(z, kind)
    return da * s * (1 - s)


def there(X, values, layers):
    kept, a = {"A0": X}, X
    for number, layer in enumerate(layers, 1):
        z = values[f"W{number}"] @ a + values[f"b{number}"]
        a = g(z, layer["kind"])
        kept[f"Z{number}"], kept[f"A{number}"] = z, a
    return a, kept


def back(A, Y, kept, values, layers):
    m, slopes = Y.shape[1], {}
    da = -(Y / A - (1 - Y) / (1 - A))
    for number in range(len(layers), 0, -1):
        dz = g_back(da, kept[f"Z{number}"], layers[number - 1]["kind"])
        slopes[f"dW{number}"] = dz @ kept[f"A{number - 1}"].T / m
        slopes[f"db{number}"] = dz.sum(axis=1, keepdims=True) / m
        da = values[f"W{number}"].T @ dz
    return slopes


def train(X, Y, layers, epochs, learning_rate):
    values = draw(layers)
    for _ in range(epochs):
        A, kept = there(X, values, layers)
        slopes = back(A, Y, kept, values, layers)
        for number in range(1, len(layers) + 1):
            values[f"W{number}"] -= learning_rate * slopes[f"dW{number}"]
            values[f"b{number}"] -= learning_rate * slopes[f"db{number}"]
    return values


X = np.random.rand(3, 50)
Y = (X.sum(axis=0, keepdims=True) > 1.5).astype(float)
train(X, Y, LAYERS, 500, 0.1)
