import numpy as np

# N samples, D_in inputs, H hidden, D_out outputs
N, D_in, H, D_out = 64, 100, 50, 10

x = np.random.randn(N, D_in)
y = np.random.randn(N, D_out)

wa = np.random.randn(D_in, H) / 10
wb = np.random.randn(H, D_out) / 10

rate = 1e-4
for t in xrange(500):
    pre = x.dot(wa)
    hid = np.maximum(pre, 0)
    out = hid.dot(wb)

    loss = np.square(out - y).sum()
    if t % 50 == 0:
        print t, loss

    g_out = 2.0 * (out - y)
    g_wb = hid.T.dot(g_out)
    g_hid = g_out.dot(wb.T)
    g_hid[pre < 0] = 0
    g_wa = x.T.dot(g_hid)

    wa -= rate * g_wa
    wb -= rate * g_wb

print "done, final loss:", loss
