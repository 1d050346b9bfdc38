//! The pinned elementary functions: the same bits on every platform, at every optimisation level.
//! The C library's versions differ in the last bit between machines and are banned by `clippy.toml`.

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Sine and cosine.
pub fn sin_cos(x: f64) -> (f64, f64) {
    libm::sincos(x)
}
