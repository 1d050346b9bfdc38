/* Two-layer networks by the plain loops that one would write in C. `c_peer.py` compiles this file twice: with the compiler
 * free to reassociate sums, to contract and to take the vector functions of the C library, and as the standard has it.
 * It knows no workload. */
#include <math.h>
#include <string.h>

/* f(x) = scale sum a act(w x + b) on half the mean square of f - y: gradient descent, whole batch. Shapes: x (n, d),
 * w (d, m), h (n, m), g (d + 2, m). Returns the loss after the steps. The number of inputs and the activation are known
 * where this is compiled. */
static inline __attribute__((always_inline)) double
train(int relu, int d, int m, int n, const double *restrict x, const double *restrict y, double *restrict a,
      double *restrict w, double *restrict b, double scale, double rate, long steps, double *restrict h,
      double *restrict g)
{
    double loss = 0.0;
    for (long step = 0; step <= steps; step++) {
        memset(g, 0, sizeof *g * (size_t)m * (size_t)(d + 2));
        double *restrict ga = g, *restrict gb = g + m, *restrict gw = g + 2 * m;
        loss = 0.0;
        for (int i = 0; i < n; i++, h += m) {
            double f = 0.0;
            for (int j = 0; j < m; j++) {
                double z = b[j];
                for (int k = 0; k < d; k++)
                    z += w[k * m + j] * x[i * d + k];
                h[j] = relu ? (z > 0.0 ? z : 0.0) : tanh(z);
                f += a[j] * h[j];
            }
            const double error = scale * f - y[i], force = error * scale / n;
            loss += 0.5 * error * error / n;
            for (int j = 0; j < m; j++) {
                const double slope = relu ? (h[j] > 0.0 ? 1.0 : 0.0) : 1.0 - h[j] * h[j], pull = force * a[j] * slope;
                ga[j] += force * h[j];
                gb[j] += pull;
                for (int k = 0; k < d; k++)
                    gw[k * m + j] += pull * x[i * d + k];
            }
        }
        h -= (long)n * m;
        if (step == steps)
            break;
        for (int j = 0; j < m; j++) {
            a[j] -= rate * ga[j];
            b[j] -= rate * gb[j];
        }
        for (int j = 0; j < d * m; j++)
            w[j] -= rate * gw[j];
    }
    return loss;
}

#define NETWORK(name, relu, d)                                                                                          \
    double name(int m, int n, const double *x, const double *y, double *a, double *w, double *b, double scale,          \
                double rate, long steps, double *h, double *g)                                                          \
    {                                                                                                                   \
        return train(relu, d, m, n, x, y, a, w, b, scale, rate, steps, h, g);                                           \
    }

NETWORK(tanh_1, 0, 1)
NETWORK(tanh_5, 0, 5)
NETWORK(relu_1, 1, 1)
