import numpy as np

def f(a):
    return a +
