//! What networks learn from: functions, points and images.
pub mod four_points;
pub mod images;
pub mod mnist;
pub mod pretended;
pub mod task;
